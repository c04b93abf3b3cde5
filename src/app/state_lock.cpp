#include "postern/app/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace postern::app {

namespace {

int lock_without_waiting(int file) {
  int result = 0;
  do {
    result = ::flock(file, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result;
}

// Only for the message: the holder may have written nothing yet.
std::string holder(int file) {
  std::array<char, 24> text{};
  const auto size = ::pread(file, text.data(), text.size(), 0);
  if (size <= 0) return {};
  const std::string_view all(text.data(), static_cast<std::size_t>(size));
  return " (process " + std::string(all.substr(0, all.find('\n'))) + ")";
}

void write_holder(int file) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0) return;
  [[maybe_unused]] const auto written = ::pwrite(file, text.data(), text.size(), 0);
}

}  // namespace

base::Result<StateLock> StateLock::take(const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return base::system_error("open " + path, errno);
  StateLock lock(file);
  if (lock_without_waiting(file) == 0) {
    write_holder(file);
    return lock;
  }
  const int number = errno;
  if (number != EWOULDBLOCK) return base::system_error("lock " + path, number);
  return base::fail(base::Errc::busy,
                    "state_dir " + state_dir + " is in use by another postern" + holder(file));
}

StateLock::StateLock(StateLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

StateLock& StateLock::operator=(StateLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

StateLock::~StateLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace postern::app
