#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "postern/app/config.hpp"

namespace postern::app {

namespace {

constexpr std::size_t largest_file = 1 << 20;  // of the configuration and of a secret

base::Error unreadable(const std::string& path, int number) {
  return base::system_error(path + " cannot be read", number);
}

base::Result<std::string> read_whole(int fd, const std::string& path) {
  std::string content;
  char buffer[8192];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > largest_file) return base::fail(base::Errc::full, path + " is larger than 1 MiB");
  }
}

base::Result<std::string> read_path(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(path, errno);
  auto content = read_whole(fd, path);
  ::close(fd);
  return content;
}

Variables process_variables() {
  Variables out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::string machine_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

}  // namespace

Machine Machine::here() {
  return {process_variables(), machine_name(), read_path};
}

}  // namespace postern::app
