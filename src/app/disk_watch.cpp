#include "disk_watch.hpp"

#include <sys/statvfs.h>

namespace postern::app {

DiskWatch::DiskWatch(std::string directory) : directory_(std::move(directory)), free_(look()) {}

std::uint64_t DiskWatch::look() const {
  struct statvfs found {};
  if (::statvfs(directory_.c_str(), &found) != 0) return 0;  // what can't be asked can't be written either
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

base::Task<void> DiskWatch::run(base::Clock& clock, base::Pool& disk) {
  for (;;) {
    co_await base::sleep_for(clock, std::chrono::seconds(1));
    auto work = [this] { return look(); };
    free_ = co_await base::offload(disk, std::move(work));
  }
}

}  // namespace postern::app
