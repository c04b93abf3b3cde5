// An HTTP/1.1 client for AWS and Google: TLS verified, a few connections kept open, everything bounded in
// time and size, HTTPS_PROXY and NO_PROXY honoured. Plain http is for metadata endpoints on the machine or
// its link and never goes through a proxy. Follows no redirect, asks for no compression. Loop thread; a
// client outlives its calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dialer.hpp"
#include "postern/net/http_server.hpp"

namespace postern::net {

using Environment = std::map<std::string, std::string>;

struct HttpUrl {
  bool tls = true;
  std::string host;  // an IPv6 literal without its brackets
  std::uint16_t port = 443;
  std::string path = "/";  // as on the wire
  std::string query;       // as on the wire, without "?"

  // http:// and https:// only, without user and fragment. The error does not repeat the text: it may hold a
  // secret.
  static base::Result<HttpUrl> parse(std::string_view text);
  std::string authority() const;  // for Host: the port only where it is not the default
  std::string origin() const;     // https://host:port, for messages
};

// Who is reached through which proxy.
class ProxyRules {
 public:
  struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string authorization;  // "Basic ...", empty: none
  };

  ProxyRules() = default;  // no proxy
  // HTTPS_PROXY and NO_PROXY, or in small letters. invalid: names the variable, never its value.
  static base::Result<ProxyRules> from(const Environment& environment);
  const Proxy* proxy_for(const HttpUrl& url) const;  // null: direct

 private:
  bool exempt(const HttpUrl& url) const;

  std::optional<Proxy> proxy_;
  std::vector<std::string> exceptions_;
};

struct HttpLimits {
  base::Duration connect{std::chrono::seconds(5)};  // look-up, TCP, proxy and TLS
  base::Duration head{std::chrono::seconds(30)};  // from the first byte sent to the end of the answer's head
  base::Duration whole{std::chrono::seconds(60)};
  std::size_t max_head = 32UL * 1024;
  std::size_t max_body = 4UL * 1024 * 1024;
};

struct HttpCall {
  std::string method = "GET";
  HttpUrl url;
  // Host, unless given, and Content-Length are added.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  HttpLimits limits;
  bool repeatable = false;  // a POST that does no harm when it is sent twice
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status is an answer. Errors, the message begins with the origin: timeout; tls (handshake,
  // certificate); refused (nobody listens, or the proxy said no); unreachable (no route, no such name, no
  // DNS); protocol (no HTTP); full (the body is too long); closed or io (the connection broke); invalid (a
  // call that can't be sent); cancelled.
  virtual base::Task<base::Result<HttpResponse>> call(HttpCall call) = 0;
};

struct HttpClientOptions {
  std::shared_ptr<TlsContext> tls;
  ProxyRules proxies;
  std::size_t kept_per_origin = 2;
  std::size_t kept = 8;
  base::Duration keep{std::chrono::seconds(20)};  // shorter than servers keep theirs
};

class PooledHttpClient final : public HttpClient {
 public:
  PooledHttpClient(base::Clock& clock, Dialer& dialer, HttpClientOptions options);
  ~PooledHttpClient() override;
  base::Task<base::Result<HttpResponse>> call(HttpCall call) override;

 private:
  struct Kept {
    std::string origin;
    std::unique_ptr<Stream> stream;
    base::SteadyTime until;
  };
  struct Exchange;

  std::unique_ptr<Stream> take_kept(const std::string& origin);
  void keep(std::string origin, std::unique_ptr<Stream> stream);
  base::Task<base::Result<std::unique_ptr<Stream>>> open(HttpUrl url, base::SteadyTime until);
  base::Task<base::Result<void>> tunnel(Stream& stream, const HttpUrl& url, const ProxyRules::Proxy& proxy,
                                        base::SteadyTime until);
  base::Task<Exchange> exchange(Stream& stream, const HttpCall& call, base::SteadyTime end);
  base::Task<base::Result<HttpResponse>> call_within(HttpCall call, base::SteadyTime end);

  base::Clock& clock_;
  Dialer& dialer_;
  HttpClientOptions options_;
  std::list<Kept> kept_;  // the newest last
};

}  // namespace postern::net
