// The current configuration snapshot, and how a new one takes its place: whole or not at all. A bad new file
// is reported and the old snapshot goes on. Loop thread; files are read on the disk pool.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postern/app/snapshot.hpp"
#include "postern/base/log.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/task.hpp"

namespace postern::app {

class SnapshotHolder {
 public:
  SnapshotHolder(std::string config_file, std::shared_ptr<const Snapshot> first, base::Pool& disk,
                 base::Log& log);

  const std::shared_ptr<const Snapshot>& current() const { return current_; }
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  base::Task<void> reload(std::string why);
  // Polls the files of the snapshot every 2 s, until cancelled. A configuration that was refused is tried
  // again each time: what it lacks may be a file that the one in force does not know.
  base::Task<void> watch(base::Clock& clock);

 private:
  struct Stamp {
    std::string path;
    std::int64_t modified = 0;  // ns; 0: not there
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  static std::vector<Stamp> stamp(const std::vector<std::string>& files);

  std::string config_file_;
  std::shared_ptr<const Snapshot> current_;
  base::Pool& disk_;
  base::Log& log_;
  std::function<void()> changed_;
  std::vector<Stamp> seen_;
  void refuse(Problems problems);

  Problems refused_;  // empty: the last reload went well
  bool reloading_ = false;
};

}  // namespace postern::app
