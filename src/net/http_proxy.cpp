#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include "postern/base/text.hpp"
#include "postern/net/http_client.hpp"

namespace postern::net {

namespace {

// In capitals or small letters; what is empty counts as not set.
std::string value_of(const Environment& environment, const std::string& name) {
  for (const auto& spelling : {name, base::to_lower(name)}) {
    const auto found = environment.find(spelling);
    if (found != environment.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

base::Error bad_proxy(std::string_view why) {
  return base::fail(base::Errc::invalid, "HTTPS_PROXY: " + std::string(why));
}

base::Result<ProxyRules::Proxy> parse_proxy(std::string_view text) {
  ProxyRules::Proxy out;
  const auto scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    if (base::to_lower(text.substr(0, scheme)) != "http") {
      return bad_proxy("only a proxy that is spoken to in plain HTTP is supported: http://host:port");
    }
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    out.authorization = "Basic " + base64(percent_decode(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  const auto url = HttpUrl::parse("http://" + std::string(text));
  if (!url) return bad_proxy("not of the form http://[user:password@]host:port");
  out.host = url->host;
  out.port = url->port;
  return out;
}

// One entry of NO_PROXY: a name (and what is under it), an address, a network; a port narrows it.
bool matches(std::string entry, const HttpUrl& url) {
  if (entry == "*") return true;
  const auto ip = IpAddress::parse(url.host);
  const auto network = Network::parse(entry);
  if (network) return ip && network->contains(*ip);
  const auto with_port = HostPort::parse(entry);
  if (with_port) {
    if (with_port->port != url.port) return false;
    entry = with_port->host;
  }
  const auto literal = IpAddress::parse(entry);
  if (literal || ip) return literal && ip && *literal == *ip;
  if (entry.starts_with("*")) entry.erase(0, 1);
  if (entry.starts_with(".")) entry.erase(0, 1);
  const std::string host = base::to_lower(url.host);
  return !entry.empty() && (host == entry || host.ends_with("." + entry));
}

}  // namespace

base::Result<ProxyRules> ProxyRules::from(const Environment& environment) {
  ProxyRules out;
  const std::string proxy = value_of(environment, "HTTPS_PROXY");
  if (!proxy.empty()) {
    auto parsed = parse_proxy(proxy);
    if (!parsed) return parsed.error();
    out.proxy_ = std::move(*parsed);
  }
  const std::string exceptions = base::to_lower(value_of(environment, "NO_PROXY"));
  for (std::size_t at = 0; at < exceptions.size();) {
    const auto end = std::min(exceptions.find_first_of(", \t", at), exceptions.size());
    if (end > at) out.exceptions_.push_back(exceptions.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

bool ProxyRules::exempt(const HttpUrl& url) const {
  const auto ip = IpAddress::parse(url.host);
  if (base::to_lower(url.host) == "localhost" || (ip && ip->is_loopback())) return true;
  return std::ranges::any_of(exceptions_, [&](const auto& entry) { return matches(entry, url); });
}

const ProxyRules::Proxy* ProxyRules::proxy_for(const HttpUrl& url) const {
  if (!proxy_ || !url.tls || exempt(url)) return nullptr;
  return &*proxy_;
}

}  // namespace postern::net
