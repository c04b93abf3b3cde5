// Writes a large body to a file of the spool. Blocking: runs on the disk pool (base::offload). The whole disk
// surface of bodies is here, so that tests can fail each step.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"

namespace postern::spool {

// The calls that can fail on a bad day; tests hand in others.
struct DiskCalls {
  ssize_t (*write)(int, const void*, std::size_t) = ::write;
  int (*fsync)(int) = ::fsync;
};

class BodyFile {
 public:
  static base::Result<BodyFile> create(const std::string& path,
                                       const DiskCalls& calls = {});  // mode 0600, must not exist
  BodyFile(BodyFile&& other) noexcept;
  BodyFile& operator=(BodyFile&& other) noexcept;
  ~BodyFile();  // closes; removes the file unless keep() was called

  base::Result<void> write(std::string_view bytes);  // all of it; Errc::full when the disk is
  base::Result<void> sync();                         // file and directory
  void keep();                                       // the spool owns it now
  void give_up() { kept_ = false; }                  // after all not: removed at the end, as without keep()
  const std::string& path() const { return path_; }

 private:
  BodyFile(std::string path, int fd, const DiskCalls& calls)
      : path_(std::move(path)), fd_(fd), calls_(calls) {}
  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
  DiskCalls calls_;
};

// Reads a file in portions for signing and sending.
class BodyReader {
 public:
  static base::Result<BodyReader> open(const std::string& path);
  BodyReader(BodyReader&& other) noexcept;
  ~BodyReader();
  base::Result<std::size_t> read(char* into, std::size_t size);  // 0 at the end

 private:
  explicit BodyReader(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace postern::spool
