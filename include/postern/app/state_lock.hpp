// The lock of the state directory: one process at a time writes what lies in it, the daemon or a command that
// found none running. Held as long as the object lives; the kernel lets it go when the process ends, however
// it ends.
#pragma once

#include <string>

#include "postern/base/result.hpp"

namespace postern::app {

class StateLock {
 public:
  // On <state_dir>/lock. Errc::busy when another process has it, with that process's id in the message.
  static base::Result<StateLock> take(const std::string& state_dir);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;
  ~StateLock();

 private:
  explicit StateLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace postern::app
