#include "writer.hpp"

#include <pthread.h>
#include <unistd.h>

#include <chrono>

namespace postern::spool {

using base::Errc;
using base::Severity;

namespace {

// A batch is what is queued, up to what SQLite's page cache holds without spilling much.
constexpr std::size_t max_batch_jobs = 256;
constexpr std::size_t max_batch_bytes = 4U << 20;

constexpr int max_wal_pages = 4096;  // then checkpoint between two batches
constexpr std::chrono::milliseconds idle_after{200};

// Free pages are given back in small slices, and some are kept: in steady state each message reuses the pages
// of an earlier one.
constexpr int keep_free_pages = 1024;
constexpr int vacuum_pages = 512;

}  // namespace

Writer::Writer(std::unique_ptr<base::Database> db, std::string bodies, base::Log& log, base::Metrics& metrics)
    : db_(std::move(db)),
      store_(std::make_unique<Store>(db_->connection(), std::move(bodies))),
      log_(log),
      commit_seconds_(
          metrics.histogram("postern_spool_commit_seconds", "Time of one spool transaction with its sync.",
                            {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})),
      batch_messages_(metrics.histogram("postern_spool_batch_messages",
                                        "Requests that shared one spool transaction.",
                                        {1, 2, 4, 8, 16, 32, 64, 128, 256})) {}

Writer::~Writer() {
  close();
}

void Writer::start(Finished finished) {
  finished_ = std::move(finished);
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "spool-writer");
    run();
  });
}

bool Writer::submit(Waiting waiting) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    queue_.push_back(std::move(waiting));
  }
  woke_.notify_one();
  return true;
}

void Writer::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
  }
  woke_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (!failed()) {
    const auto done = db_->checkpoint_whole();
    if (done.has_error()) report(done.error());
  }
  db_->checkpoint_on_close(!failed());
  store_.reset();
  db_.reset();
}

// The log is left as it is: after a failed sync only a fresh start knows what the disk holds.
void Writer::fail(const base::Error& error) {
  if (failed_.exchange(true, std::memory_order_acq_rel)) return;
  log_.error("spool failed", {{"reason", error.message}});
}

void Writer::run() {
  while (auto batch = next()) {
    if (batch->empty()) {
      tidy();
      continue;
    }
    commit(*batch);
    finished_(std::move(*batch), store_->totals());
    unlink_removed();
    if (db_->wal_pages() > max_wal_pages && !failed()) checkpoint();
  }
}

// What is queued; empty: an idle moment; nullopt: the end.
std::optional<Batch> Writer::next() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !queue_.empty() || closing_; };
  if (untidy_) {
    woke_.wait_for(lock, idle_after, ready);
  } else {
    woke_.wait(lock, ready);
  }
  if (queue_.empty() && closing_) return std::nullopt;
  Batch batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < max_batch_jobs && bytes < max_batch_bytes) {
    bytes += queue_.front().job->bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Writer::commit(Batch& batch) {
  const auto begin = clock_.steady_now();
  const auto failure = attempt(batch);
  commit_seconds_.observe(std::chrono::duration<double>(clock_.steady_now() - begin).count());
  batch_messages_.observe(static_cast<double>(batch.size()));
  untidy_ = true;
  if (!failure) return;
  const auto severity = base::severity_of(*failure);
  const bool shared = severity == Severity::item && batch.size() > 1;
  if (severity == Severity::full) checkpoint();
  if (shared || (severity == Severity::full && !failed())) {
    commit_each(batch);
  } else {
    give_up(batch, *failure);
  }
}

// One of them is wrong, or the disk is full: then deliveries can still be settled, which frees room, while
// new mail is refused. The checkpoint before has made room in the log.
void Writer::commit_each(Batch& batch) {
  for (const auto& waiting : batch) {
    const std::span one(&waiting, 1);
    if (const auto failure = attempt(one)) give_up(one, *failure);
  }
}

std::optional<base::Error> Writer::attempt(std::span<const Waiting> jobs) {
  if (failed()) return base::fail(Errc::io, "the spool has failed");
  try {
    store_->begin();
    for (const auto& waiting : jobs) waiting.job->apply(*store_);
    store_->commit();
    return std::nullopt;
  } catch (const SQLite::Exception& e) {
    const base::Error failure = base::database_error("spool.db", e);
    try {
      store_->rollback();
    } catch (const SQLite::Exception& again) {
      return base::fail(Errc::io, base::database_error("rollback of spool.db", again).message);
    }
    return failure;
  }
}

void Writer::give_up(std::span<const Waiting> jobs, const base::Error& failure) {
  const bool broken = base::severity_of(failure) == Severity::broken;
  if (broken) fail(failure);
  const base::Error error = broken ? base::fail(Errc::io, failure.message) : failure;
  for (const auto& waiting : jobs) waiting.job->fail(error);
}

// After the commit, never before: an orphan is swept at the next start, a missing body is a lost message.
void Writer::unlink_removed() {
  for (const auto& path : store_->take_removed_files()) ::unlink(path.c_str());
}

void Writer::tidy() {
  untidy_ = false;
  if (failed()) return;
  if (db_->wal_pages() > 0) checkpoint();
  if (!failed()) untidy_ = vacuum_slice();
}

void Writer::checkpoint() {
  if (const auto done = db_->checkpoint(); done.has_error()) report(done.error());
}

// A full disk leaves the log as it is until there is room. Any other failure may be a failed sync.
void Writer::report(const base::Error& error) {
  if (base::severity_of(error) == Severity::broken) fail(error);
}

// True: there is more to give back.
bool Writer::vacuum_slice() {
  try {
    return db_->shrink(keep_free_pages, vacuum_pages);
  } catch (const SQLite::Exception& e) {
    report(base::database_error("vacuum of spool.db", e));
    return false;
  }
}

}  // namespace postern::spool
