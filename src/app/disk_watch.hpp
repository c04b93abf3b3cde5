// Knows how much room is left where the spool lies, without a system call for each message: looks once a
// second on the disk pool. Loop thread.
#pragma once

#include <cstdint>
#include <string>

#include "postern/base/clock.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/task.hpp"

namespace postern::app {

class DiskWatch {
 public:
  explicit DiskWatch(std::string directory);
  std::uint64_t free_bytes() const { return free_; }
  base::Task<void> run(base::Clock& clock, base::Pool& disk);  // until cancelled

 private:
  std::uint64_t look() const;

  std::string directory_;
  std::uint64_t free_;
};

}  // namespace postern::app
