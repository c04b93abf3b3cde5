// The writer thread and its connection, the only one that writes or checkpoints. Gathers the jobs that are
// queued into one transaction and hands the batch back when it is on disk. In idle moments it checkpoints and
// gives free pages back. submit() from any thread; `finished` is called on the writer's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "job.hpp"
#include "postern/base/database.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"

namespace postern::spool {

class Writer {
 public:
  using Finished = std::function<void(Batch batch, Totals totals)>;

  Writer(std::unique_ptr<base::Database> db, std::string bodies, base::Log& log, base::Metrics& metrics);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Store& store() { return *store_; }  // only before start()
  void start(Finished finished);
  bool submit(Waiting waiting);         // false: closed
  void close();                         // commits what is queued, checkpoints, joins, closes the file
  void fail(const base::Error& error);  // any thread: nothing is acknowledged from now on
  bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
  void run();
  std::optional<Batch> next();
  void commit(Batch& batch);
  void commit_each(Batch& batch);
  std::optional<base::Error> attempt(std::span<const Waiting> jobs);
  void give_up(std::span<const Waiting> jobs, const base::Error& failure);
  void unlink_removed();
  void tidy();
  void checkpoint();
  void report(const base::Error& error);
  bool vacuum_slice();

  std::unique_ptr<base::Database> db_;
  std::unique_ptr<Store> store_;
  base::Log& log_;
  base::SystemClock clock_;
  base::Histogram& commit_seconds_;
  base::Histogram& batch_messages_;
  Finished finished_;

  bool untidy_ = true;  // something was written since the last idle moment, or by the last process

  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::condition_variable woke_;
  std::deque<Waiting> queue_;
  bool closing_ = false;
  std::jthread thread_;
};

}  // namespace postern::spool
