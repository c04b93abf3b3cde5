#include "inherited_sockets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace postern::net {

namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// No sign, no blanks, nothing behind it; nullopt: not such a number.
std::optional<int> whole_number(std::string_view text) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool good = error == std::errc() && end == text.data() + text.size() && out >= 0;
  return good ? std::optional(out) : std::nullopt;
}

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> out;
  for (;;) {
    const auto colon = names.find(':');
    out.emplace_back(names.substr(0, colon));
    if (colon == std::string_view::npos) return out;
    names.remove_prefix(colon + 1);
  }
}

int option_of(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// What is wrong with it as a listening socket; empty: nothing.
std::string_view flaw_of(int descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0) return "is not open";
  const int family = option_of(descriptor, SO_DOMAIN);
  if (family < 0) return "is no socket";
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) return "is neither TCP nor Unix";
  if (option_of(descriptor, SO_TYPE) != SOCK_STREAM) return "is no stream socket: use ListenStream=";
  if (option_of(descriptor, SO_ACCEPTCONN) != 1) return "does not listen: use Accept=no";
  return {};
}

base::Error refusal(base::Errc code, std::string_view name, std::string_view why) {
  return base::fail(code, fmt::format("can't listen on systemd:{}: {}", name, why));
}

bool add_flags(int descriptor, int get, int set, int flags) {
  const int now = ::fcntl(descriptor, get);
  return now >= 0 && ::fcntl(descriptor, set, now | flags) == 0;
}

}  // namespace

InheritedSockets::Environment InheritedSockets::Environment::current() {
  return {variable("LISTEN_PID"), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES")};
}

InheritedSockets& InheritedSockets::of_process() {
  static InheritedSockets sockets(Environment::current());
  return sockets;
}

InheritedSockets::InheritedSockets(const Environment& environment, int first) {
  read(environment, first);
  // One that is not open shows when it is taken.
  for (const auto& one : all_) (void)add_flags(one.descriptor, F_GETFD, F_SETFD, FD_CLOEXEC);
}

void InheritedSockets::read(const Environment& environment, int first) {
  if (!environment.pid || !environment.count) return;
  const auto pid = whole_number(*environment.pid);
  if (!pid) problem_ = fmt::format("LISTEN_PID is no process id: '{}'", *environment.pid);
  if (!pid || *pid != ::getpid()) return;  // not for us: inherited through another process
  const auto count = whole_number(*environment.count);
  if (!count || *count > std::numeric_limits<int>::max() - first) {
    problem_ = fmt::format("LISTEN_FDS is no number of descriptors: '{}'", *environment.count);
    return;
  }
  std::vector<std::string> names;
  if (environment.names) names = split(*environment.names);
  if (environment.names && *count > 0 && names.size() != static_cast<std::size_t>(*count)) {
    problem_ = fmt::format("LISTEN_FDNAMES has {} names for {} descriptors", names.size(), *count);
    return;
  }
  for (int i = 0; i < *count; ++i) {
    all_.push_back({first + i, environment.names ? names[static_cast<std::size_t>(i)] : "unknown"});
  }
}

base::Error InheritedSockets::absent(const std::string& name) const {
  if (!problem_.empty()) return refusal(base::Errc::invalid, name, problem_);
  std::string known;
  for (const auto& one : all_) known += (known.empty() ? "" : ", ") + one.name;
  const auto what = all_.empty() ? "no sockets were passed to this process"
                                 : fmt::format("the sockets passed to this process are named {}", known);
  return refusal(
      base::Errc::not_found, name,
      fmt::format("{}; systemd passes them from a .socket unit that has FileDescriptorName={}", what, name));
}

base::Result<std::vector<int>> InheritedSockets::take(const std::string& name) {
  std::vector<int> out;
  for (const auto& one : all_) {
    if (one.name != name) continue;
    if (one.taken) return refusal(base::Errc::busy, name, "its sockets are in use already");
    const auto flaw = flaw_of(one.descriptor);
    if (!flaw.empty()) {
      return refusal(base::Errc::invalid, name,
                     fmt::format("descriptor {}, passed to this process, {}", one.descriptor, flaw));
    }
    out.push_back(one.descriptor);
  }
  if (out.empty()) return absent(name);
  for (const int descriptor : out) {
    if (!add_flags(descriptor, F_GETFL, F_SETFL, O_NONBLOCK)) return base::system_error("fcntl", errno);
  }
  for (auto& one : all_) one.taken = one.taken || one.name == name;
  return out;
}

}  // namespace postern::net
