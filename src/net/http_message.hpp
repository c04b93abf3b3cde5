// HTTP/1.1 messages as bytes: parsing and writing with Beast, which never sees a socket here. Pure. Private
// to net.
#pragma once

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
  HttpRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int status_ = 0;
};

std::string to_bytes(const HttpResponse& response, bool head_only, bool keep_alive);
std::string to_bytes(const HttpRequest& request, std::string_view host);

// The response in these bytes, once the peer has closed or said enough. nullopt: not whole yet.
base::Result<std::optional<HttpResponse>> parse_response(std::string_view bytes, bool at_end);

}  // namespace postern::net
