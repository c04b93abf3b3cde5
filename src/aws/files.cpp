#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "postern/aws/credentials.hpp"

namespace postern::aws {

namespace {

constexpr std::size_t largest = 1024UL * 1024;

base::Result<std::string> read_to_end(int fd, const std::string& path) {
  std::string out;
  char portion[16 * 1024];
  for (;;) {
    const auto n = ::read(fd, portion, sizeof portion);
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::system_error(path, errno);
    out.append(portion, static_cast<std::size_t>(n));
    if (out.size() > largest) return base::fail(base::Errc::full, path + ": too large for what it should be");
  }
}

base::Result<std::string> read_file(const std::string& path) {
  // A named pipe in its place must not hold up the pool.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return base::system_error(path, errno);
  auto text = read_to_end(fd, path);
  ::close(fd);
  return text;
}

std::string stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return fmt::format("{}.{} {} {}", found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size, found.st_ino);
}

}  // namespace

Files Files::on_disk() {
  return {read_file, stamp_of};
}

}  // namespace postern::aws
