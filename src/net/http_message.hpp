// HTTP/1.1 messages as bytes: parsing and writing with Beast, which never sees a socket here. Pure. Private
// to net.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/net/http_server.hpp"

namespace postern::net {

// A request in the making.
class HttpRequestParser {
 public:
  explicit HttpRequestParser(const HttpServerOptions& options);
  ~HttpRequestParser();

  // Takes bytes; gives how many it used. A request that is not one, or too large, becomes status().
  std::size_t feed(std::string_view bytes);
  bool begun() const;  // something of a request is there
  bool done() const;
  int status() const { return status_; }  // 0: fine so far; else what to answer before closing
  bool keep_alive() const;
  bool take_invitation();  // true once: the head is there and the client waits for 100 Continue
  HttpRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int status_ = 0;
  bool invited_ = false;
};

std::string to_bytes(const HttpResponse& response, bool head_only, bool keep_alive);
std::string to_bytes(const HttpRequest& request, std::string_view host);

// A response in the making, of any number of interim ones (1xx) the last.
class HttpResponseParser {
 public:
  // to_head: it has a length but no body.
  HttpResponseParser(std::size_t max_head, std::size_t max_body, bool to_head);
  ~HttpResponseParser();

  std::size_t feed(std::string_view bytes);  // gives how many it used
  void end();                                // the peer closed
  bool begun() const;                        // something of it is there
  bool head_done() const;
  bool done() const;
  const std::optional<base::Error>& error() const { return error_; }  // full: the body; protocol: the rest
  bool keep_alive() const;
  HttpResponse take();

 private:
  struct Impl;
  void note(const boost::system::error_code& error);
  void skip_interim();

  std::unique_ptr<Impl> impl_;
  std::optional<base::Error> error_;
};

// The whole response of a peer that closes after it. to_head: it has a length but no body.
base::Result<HttpResponse> parse_response(std::string_view bytes, bool to_head);

}  // namespace postern::net
