#include <fmt/format.h>

#include <algorithm>

#include "postern/net/http_client.hpp"

namespace postern::net {

namespace {

base::Error not_a_url(std::string_view why) {
  return base::fail(base::Errc::invalid, fmt::format("not a URL (https://host[:port][/path]): {}", why));
}

bool is_host_character(char c) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_target_character(char c) {
  return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
}

std::string in_brackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// host, host:port, [literal], [literal]:port; the port stays when there is none.
bool read_authority(std::string_view text, std::string& host, std::uint16_t& port) {
  const auto after_literal = text.starts_with('[') ? text.find(']') : 0;
  if (after_literal == std::string_view::npos) return false;
  const bool with_port = text.find(':', after_literal) != std::string_view::npos;
  const std::string whole = with_port ? std::string(text) : fmt::format("{}:{}", text, port);
  const auto parsed = HostPort::parse(whole);
  if (!parsed || parsed->port == 0) return false;
  host = parsed->host;
  port = parsed->port;
  if (text.starts_with('[')) return IpAddress::parse(host).has_value();
  return !host.empty() && std::ranges::all_of(host, is_host_character);
}

}  // namespace

base::Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  HttpUrl out;
  out.tls = text.starts_with("https://");
  if (!out.tls && !text.starts_with("http://")) return not_a_url("no https:// or http:// before it");
  out.port = out.tls ? 443 : 80;
  text.remove_prefix(out.tls ? 8 : 7);
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  const auto authority = text.substr(0, end);
  const auto target = text.substr(end);
  if (authority.find('@') != std::string_view::npos) return not_a_url("a user has no place in it");
  if (!read_authority(authority, out.host, out.port)) return not_a_url("no host, or a port that is none");
  if (target.find('#') != std::string_view::npos) return not_a_url("a fragment has no place in it");
  if (!std::ranges::all_of(target, is_target_character)) return not_a_url("a character that is not encoded");
  const auto question = std::min(target.find('?'), target.size());
  if (question > 0) out.path = target.substr(0, question);
  if (question < target.size()) out.query = target.substr(question + 1);
  return out;
}

std::string HttpUrl::authority() const {
  const std::uint16_t usual = tls ? 443 : 80;
  if (port == usual) return in_brackets(host);
  return fmt::format("{}:{}", in_brackets(host), port);
}

std::string HttpUrl::origin() const {
  return fmt::format("{}://{}:{}", tls ? "https" : "http", in_brackets(host), port);
}

}  // namespace postern::net
