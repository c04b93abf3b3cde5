#include "postern/spool/body_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace postern::spool {

using base::Result;

namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

int open_uninterrupted(const char* path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path, flags, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// Interrupted before it began is repeated; any other failure is not: the kernel may have dropped the pages.
int sync_once(const DiskCalls& calls, int fd) {
  int result = 0;
  do {
    result = calls.fsync(fd);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Result<BodyFile> BodyFile::create(const std::string& path, const DiskCalls& calls) {
  const int fd = open_uninterrupted(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return base::system_error(path, errno);
  return BodyFile(path, fd, calls);
}

BodyFile::BodyFile(BodyFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      kept_(std::exchange(other.kept_, true)),
      calls_(other.calls_) {}

BodyFile& BodyFile::operator=(BodyFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(kept_, other.kept_);
  std::swap(calls_, other.calls_);
  return *this;
}

BodyFile::~BodyFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!kept_) ::unlink(path_.c_str());
}

Result<void> BodyFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = calls_.write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::system_error(path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> BodyFile::sync() {
  if (sync_once(calls_, fd_) < 0) return base::system_error(path_, errno);
  const std::string directory = directory_of(path_);
  const int fd = open_uninterrupted(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return base::system_error(directory, errno);
  const int failed = sync_once(calls_, fd) < 0 ? errno : 0;
  ::close(fd);
  if (failed) return base::system_error(directory, failed);
  return {};
}

void BodyFile::keep() {
  kept_ = true;
}

Result<BodyReader> BodyReader::open(const std::string& path) {
  const int fd = open_uninterrupted(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return base::system_error(path, errno);
  return BodyReader(fd);
}

BodyReader::BodyReader(BodyReader&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

BodyReader::~BodyReader() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> BodyReader::read(char* into, std::size_t size) {
  ssize_t n = 0;
  do {
    n = ::read(fd_, into, size);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return base::system_error("body file", errno);
  return static_cast<std::size_t>(n);
}

}  // namespace postern::spool
