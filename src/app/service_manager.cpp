#include "service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace postern::app {

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  const std::size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Nobody listening is no reason to fail: the service manager times out on its own.
  (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 size);
  ::close(fd);
}

base::Duration watchdog_interval(const char* usec, const char* watched_pid, int pid) {
  const auto number = [](const char* text) {
    std::int64_t value = 0;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
    return value;
  };
  if (watched_pid != nullptr && number(watched_pid) != pid) return base::Duration::zero();
  return base::Duration(number(usec) / 2000);
}

base::Task<void> keep_watchdog_quiet(base::Clock& clock) {
  const auto interval =
      watchdog_interval(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
  if (interval == base::Duration::zero()) co_return;
  for (;;) {
    notify_service_manager("WATCHDOG=1");
    co_await base::sleep_for(clock, interval);
  }
}

}  // namespace postern::app
