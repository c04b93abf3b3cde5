#include "snapshot_holder.hpp"

#include <sys/stat.h>

#include "service_manager.hpp"

namespace postern::app {

namespace {
constexpr base::Duration poll_interval = std::chrono::seconds(2);

// What throws here is a refusal like any other: reloading goes on.
SnapshotResult load_or_tell(const std::string& file) try {
  return load_snapshot(file);
} catch (const std::exception& e) {
  return Problems{{1, "yaml", std::string("can't be loaded: ") + e.what()}};
}

}  // namespace

SnapshotHolder::SnapshotHolder(std::string config_file, std::shared_ptr<const Snapshot> first,
                               base::Pool& disk, base::Log& log)
    : config_file_(std::move(config_file)),
      current_(std::move(first)),
      disk_(disk),
      log_(log),
      seen_(stamp(watched_files(current_->config))) {}

std::vector<SnapshotHolder::Stamp> SnapshotHolder::stamp(const std::vector<std::string>& files) {
  std::vector<Stamp> out;
  for (const auto& path : files) {
    struct stat found {};
    Stamp one{path, 0, 0};
    if (::stat(path.c_str(), &found) == 0) {
      one.modified = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
      one.inode = found.st_ino;
    }
    out.push_back(std::move(one));
  }
  return out;
}

base::Task<void> SnapshotHolder::reload(std::string why) {
  if (reloading_) co_return;
  reloading_ = true;
  // The stamps are taken before the files are read: a change in between is seen at the next look.
  auto work = [config = current_, file = config_file_] {
    auto stamps = stamp(watched_files(config->config));
    return std::make_pair(std::move(stamps), load_or_tell(file));
  };
  auto [stamps, loaded] = co_await base::offload(disk_, std::move(work));
  reloading_ = false;
  seen_ = std::move(stamps);
  if (!loaded) {
    refuse(std::move(loaded).error());
    co_return;
  }
  refused_.clear();
  for (const auto& key : needs_restart(current_->config, (*loaded)->config)) {
    log_.warn("reload", {{"key", key}, {"effect", "takes effect after a restart"}});
  }
  current_ = std::move(*loaded);
  seen_ = stamp(watched_files(current_->config));
  log_.info("reload", {{"status", "done"}, {"reason", why}});
  if (changed_) changed_();
}

// Once for the same problems, however often they are met.
void SnapshotHolder::refuse(Problems problems) {
  if (problems == refused_) return;
  for (const auto& problem : problems) {
    log_.error("reload", {{"status", "refused"}, {"reason", to_string(problem, config_file_)}});
  }
  log_.error("reload", {{"status", "refused"}, {"effect", "the configuration in use stays in force"}});
  refused_ = std::move(problems);
}

base::Task<void> SnapshotHolder::watch(base::Clock& clock) {
  for (;;) {
    co_await base::sleep_for(clock, poll_interval);
    auto work = [config = current_] { return stamp(watched_files(config->config)); };
    auto now = co_await base::offload(disk_, std::move(work));
    if (now == seen_ && refused_.empty()) continue;
    seen_ = now;
    const std::string why = "a file has changed";
    co_await reload(why);
  }
}

}  // namespace postern::app
