// Forms of names and places: addresses, domains, networks, endpoints.
#include <algorithm>

#include "config_forms.hpp"
#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "postern/net/ip.hpp"

namespace postern::app {

namespace {

using base::Errc;
using base::fail;

constexpr std::size_t longest_socket_path = 107;  // sockaddr_un

// SES takes no address literals, and they are no key of a table either.
bool is_domain(const std::string& text) {
  return !text.empty() && text.front() != '[' && mail::parse_mailbox("postmaster@" + text).has_value();
}

base::Result<std::string> read_ip_and_port(const std::string& text) {
  const auto parsed = net::HostPort::parse(text);
  if (parsed.has_value() && net::IpAddress::parse(parsed->host).has_value()) return text;
  return wrong("an IP address and port such as 127.0.0.1:25, 0.0.0.0:25 or [::1]:25", text);
}

base::Result<std::string> read_socket_path(const std::string& text) {
  if (!text.empty() && text.size() <= longest_socket_path) return text;
  if (text.empty()) return fail(Errc::invalid, "must not be empty");
  return fail(Errc::invalid, "is longer than the 107 bytes that the path of a socket may have");
}

// The rule of FileDescriptorName= in a .socket unit (systemd.socket(5)).
bool is_descriptor_name(std::string_view name) {
  const auto fits = [](char c) { return c >= ' ' && c < 0x7f && c != ':'; };
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

bool is_loopback_host(const std::string& host) {
  const auto address = net::IpAddress::parse(host);
  return address.has_value() ? address->is_loopback() : base::equals_ignoring_case(host, "localhost");
}

Form<std::string> mailbox() {
  return {"address", [](const std::string& text) -> base::Result<std::string> {
            if (!text.empty() && mail::parse_mailbox(text).has_value()) return text;
            return wrong("a mail address such as ops@example.com", text);
          }};
}

Form<std::string> domain() {
  return {"domain", [](const std::string& text) -> base::Result<std::string> {
            if (is_domain(text)) return text;
            return wrong("a domain such as example.com", text);
          }};
}

Form<std::string> network(bool public_too) {
  return {"network", [public_too](const std::string& text) -> base::Result<std::string> {
            const auto parsed = net::Network::parse(text);
            if (parsed.has_error()) return wrong("a network such as 10.0.0.0/8 or ::1", text);
            if (public_too || parsed->is_private()) return text;
            return fail(Errc::invalid, "'" + text +
                                           "' is not a private network: everybody in it could relay. "
                                           "If that is meant, set access.allow_public: true");
          }};
}

Form<std::string> socket_path() {
  return {"path", read_socket_path};
}
Form<std::string> ip_and_port() {
  return {"ip:port", read_ip_and_port};
}

Form<std::string> server_and_port() {
  return {"ip:port", [](const std::string& text) -> base::Result<std::string> {
            const auto alone = net::IpAddress::parse(text);
            if (alone.has_value()) return net::HostPort{alone->to_string(), 53}.to_string();
            return read_ip_and_port(text);
          }};
}

Form<std::string> endpoint() {
  return {"host:port", [](const std::string& text) -> base::Result<std::string> {
            const auto parsed = net::HostPort::parse(text);
            const bool good = parsed.has_value() && parsed->port != 0 &&
                              (net::IpAddress::parse(parsed->host).has_value() || is_domain(parsed->host));
            if (!good) return wrong("host:port, such as email-smtp.eu-west-1.amazonaws.com:587", text);
            return text;
          }};
}

Form<std::string> domain_or_network() {
  return {"domain | network", [](const std::string& text) -> base::Result<std::string> {
            if (net::Network::parse(text).has_value() || is_domain(text)) return text;
            return wrong("a domain such as amazonses.com or a network such as 54.240.0.0/18", text);
          }};
}

Form<std::string> https_url() {
  return {"url", [](const std::string& text) -> base::Result<std::string> {
            const bool plain = text.starts_with("http://");
            if (!plain && !text.starts_with("https://")) return wrong("https://host[:port]", text);
            std::string authority = text.substr(plain ? 7 : 8);
            if (authority.ends_with('/')) authority.pop_back();
            auto parsed = net::HostPort::parse(authority);
            if (parsed.has_error()) parsed = net::HostPort::parse(authority + ":443");
            const bool good = parsed.has_value() && parsed->port != 0 &&
                              (net::IpAddress::parse(parsed->host).has_value() || is_domain(parsed->host));
            if (!good) return wrong("https://host[:port]", text);
            if (plain && !is_loopback_host(parsed->host))
              return fail(Errc::invalid,
                          "http:// is for loopback only, keys would go in clear to '" + text + "'");
            return text;
          }};
}

Form<std::string> listen_address() {
  return {"ip:port | unix:/path | systemd:NAME", [](const std::string& text) -> base::Result<std::string> {
            constexpr std::string_view by_name = "systemd:";
            if (text.starts_with(by_name)) {
              if (is_descriptor_name(text.substr(by_name.size()))) return text;
              return wrong("systemd:NAME with the FileDescriptorName= of a .socket unit", text);
            }
            if (!text.starts_with("unix:")) return read_ip_and_port(text);
            const auto path = read_socket_path(text.substr(5));
            if (path.has_error()) return path.error();
            return text;
          }};
}

}  // namespace postern::app
