// An SQLite VFS that fails on demand, over the real one; the default VFS as long as it lives. Counts the
// steps that change a disk (write, sync, truncate, delete), remembers what no sync has made durable yet, and
// can lose it. Never really syncs: durability is what it keeps account of. Thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace postern::support {

class FaultyVfs {
 public:
  enum class Fault {
    crash,     // this step and all later ones fail
    io_error,  // this step alone fails
  };

  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  void fail_at(std::uint64_t step, Fault fault);  // counted from now, 0: the next one
  bool fired() const;
  // The disk has this much room more: what grows a file beyond gets SQLITE_FULL. Negative: no end of room.
  void set_room(std::int64_t bytes);
  void before_sync(std::function<void()> call);  // on the thread that syncs

  // With all files closed. Of what was not synced, each write survives if survives() says so; no more faults.
  void power_loss(const std::function<bool()>& survives);
  void restart();  // the process died, the disk did not: what was written is there

 private:
  friend struct FaultyFile;
  struct Change {
    std::int64_t offset = 0;
    std::string before, after;  // bytes from offset
    std::int64_t size_before = 0, size_after = 0;
  };

  int step(int error);  // SQLITE_OK, or the error when this step is to fail
  int write(struct FaultyFile& file, const void* bytes, int amount, std::int64_t offset);
  int truncate(struct FaultyFile& file, std::int64_t size);
  int sync(struct FaultyFile& file);
  int open(const char* name, struct FaultyFile& file, int flags, int* out_flags);
  int remove(const char* name, int sync_directory);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Change>> unsynced_;
  std::uint64_t steps_ = 0;
  std::uint64_t failing_step_ = UINT64_MAX;
  Fault fault_ = Fault::crash;
  bool fired_ = false;
  std::int64_t room_ = -1;
  std::function<void()> before_sync_;
};

}  // namespace postern::support
