// What the value of a key may look like: text -> value or what is wrong with it. Used by the sections of the
// configuration; pure, on any thread. Messages continue the key: "must be ...".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::app {

template <class T>
struct Form {
  std::string kind;  // for listings of the keys
  std::function<base::Result<T>(const std::string& text)> read;
};

base::Error wrong(std::string_view wanted, const std::string& text);  // "must be ..., not ..."
base::Error not_one_of(const std::vector<std::string_view>& names, const std::string& text);
std::string join(const std::vector<std::string_view>& names, std::string_view between);

bool is_loopback_host(const std::string& host);  // a literal, or localhost

Form<bool> yes_or_no();
Form<std::uint64_t> number(std::uint64_t min, std::uint64_t max);
Form<std::uint64_t> size(std::uint64_t min, std::uint64_t max);          // 40M
Form<std::uint64_t> size_or_zero(std::uint64_t min, std::uint64_t max);  // 0: off
Form<base::Duration> duration(base::Duration min, base::Duration max);   // 500ms 5s 10m 2h 5d
Form<base::Duration> duration_or_zero(base::Duration min, base::Duration max);
Form<double> rate();  // auto (0) or recipients a second

Form<std::string> any_text();
Form<std::string> some_text();  // not empty
Form<std::string> text_of(std::string kind, std::string_view more_characters, std::size_t max);
Form<std::string> optional(Form<std::string> form);  // empty is fine too
Form<std::string> mailbox();
Form<std::string> domain();
Form<std::string> network(bool public_too);
Form<std::string> socket_path();
Form<std::string> ip_and_port();      // of a listener
Form<std::string> server_and_port();  // IP address, the port may be missing: 53
Form<std::string> endpoint();         // host:port
Form<std::string> domain_or_network();
Form<std::string> https_url();       // of an endpoint: https://host[:port]; http:// to loopback only
Form<std::string> listen_address();  // ip:port, unix:/path or systemd:NAME

// Only one value works yet; the others are told apart from what makes no sense at all.
Form<std::string> only(std::string built, std::vector<std::string> later);

template <class E>
Form<E> choice(std::vector<std::pair<std::string_view, E>> values) {
  std::vector<std::string_view> names;
  for (const auto& value : values) names.push_back(value.first);
  auto read = [values = std::move(values), names](const std::string& text) -> base::Result<E> {
    for (const auto& [name, value] : values) {
      if (name == text || (name == "off" && text == "false")) return value;  // templates turn off into false
    }
    return not_one_of(names, text);
  };
  return {join(names, " | "), std::move(read)};
}

}  // namespace postern::app
