#include "postern/ledger/ledger.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "ledger/store.hpp"
#include "postern/base/slice.hpp"
#include "postern/base/suspend.hpp"

namespace postern::ledger {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::sent:
      return "sent";
    case Status::deferred:
      return "deferred";
    case Status::bounced:
      return "bounced";
    case Status::suppressed:
      return "suppressed";
    case Status::held:
      return "held";
  }
  return "held";
}

namespace {

constexpr base::SliceBounds slice_rows = {.first = 200, .fewest = 16, .most = 500};
constexpr std::size_t queue_rows = 50'000;  // of a disk that hangs
constexpr auto purge_interval = std::chrono::minutes(10);

// What callers have handed in, until the books writer takes it. Shared with the work that is posted there, so
// that a ledger may go while its last rows are still on the way.
class Gatherer : public std::enable_shared_from_this<Gatherer> {
 public:
  struct Group {
    std::vector<Row> rows;
    std::optional<Alignment> alignment;
    std::function<void(base::Result<void>)> done;  // empty: nobody waits

    std::size_t size() const { return rows.size() + (alignment ? 1 : 0); }
  };

  Gatherer(std::shared_ptr<Store> store, base::BooksWriter& writer, base::Log& log, Options options)
      : store_(std::move(store)), writer_(writer), log_(log), options_(options) {}

  void add(Group group);  // any thread

 private:
  void flush();
  bool take(std::vector<Group>& groups);
  void report(const base::Result<void>& written, std::size_t rows);
  void checkpoint_later();
  void note_time(const std::vector<Group>& groups);
  void purge_if_due();
  void purge();

  const std::shared_ptr<Store> store_;
  base::BooksWriter& writer_;
  base::Log& log_;
  const Options options_;

  std::mutex mutex_;
  std::deque<Group> waiting_;
  std::size_t waiting_rows_ = 0;
  bool posted_ = false;

  // From here on only the books writer.
  base::Slice writing_{slice_rows};
  base::Slice purging_{slice_rows};
  bool failing_ = false;
  base::WallTime newest_{};
  base::WallTime purged_{};
};

void Gatherer::add(Group group) {
  const std::size_t rows = group.size();
  std::unique_lock lock(mutex_);
  if (waiting_rows_ + rows > queue_rows) {
    lock.unlock();
    log_.error("ledger", {{"status", "full"}, {"rows", rows}});
    if (group.done) group.done(base::fail(base::Errc::full, "the ledger's queue is full"));
    return;
  }
  waiting_rows_ += rows;
  waiting_.push_back(std::move(group));
  const bool post = !std::exchange(posted_, true);
  lock.unlock();
  if (post) writer_.post([self = shared_from_this()] { self->flush(); });
}

// What is there now, up to a slice. True: there is more.
bool Gatherer::take(std::vector<Group>& groups) {
  const std::lock_guard lock(mutex_);
  std::size_t rows = 0;
  while (!waiting_.empty() && rows < writing_.size()) {
    rows += waiting_.front().size();
    groups.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_rows_ -= rows;
  posted_ = !waiting_.empty();
  return posted_;
}

void Gatherer::flush() {
  std::vector<Group> groups;
  const bool more = take(groups);
  if (more) writer_.post([self = shared_from_this()] { self->flush(); });
  Batch batch;
  for (const auto& group : groups) {
    for (const auto& row : group.rows) batch.rows.push_back(&row);
    if (group.alignment) batch.alignments.push_back(&*group.alignment);
  }
  writing_.begin();
  const auto written = store_->write(batch);
  writing_.end();
  report(written, batch.rows.size() + batch.alignments.size());
  for (auto& group : groups)
    if (group.done) group.done(written);
  if (written.has_error()) return;
  note_time(groups);
  checkpoint_later();
  purge_if_due();
}

// In a turn of its own: others' work gets in between.
void Gatherer::checkpoint_later() {
  writer_.post([self = shared_from_this()] {
    const auto done = self->store_->checkpoint_if_due();
    if (done.has_error()) self->report(done, 0);
  });
}

// Once for each row of failures, not for every batch of a full disk.
void Gatherer::report(const base::Result<void>& written, std::size_t rows) {
  if (written.has_error() && !failing_)
    log_.error("ledger", {{"status", "failed"}, {"rows", rows}, {"reason", written.error().message}});
  if (!written.has_error() && failing_) log_.info("ledger", {{"status", "recovered"}});
  failing_ = written.has_error();
}

void Gatherer::note_time(const std::vector<Group>& groups) {
  for (const auto& group : groups)
    for (const auto& row : group.rows) newest_ = std::max(newest_, row.time);
}

void Gatherer::purge_if_due() {
  if (newest_ - purged_ < purge_interval) return;
  purged_ = newest_;
  writer_.post([self = shared_from_this()] { self->purge(); });
}

void Gatherer::purge() {
  purging_.begin();
  const auto more = store_->purge(newest_ - options_.retention, static_cast<int>(purging_.size()));
  purging_.end();
  if (more.has_error()) {
    log_.error("ledger", {{"status", "failed"}, {"reason", more.error().message}});
    return;
  }
  checkpoint_later();
  if (*more) writer_.post([self = shared_from_this()] { self->purge(); });
}

class StoredLedger final : public Ledger {
 public:
  StoredLedger(std::shared_ptr<Store> store, base::Pool& disk, base::BooksWriter& writer, base::Log& log,
               Options options)
      : store_(std::move(store)),
        gatherer_(std::make_shared<Gatherer>(store_, writer, log, options)),
        disk_(disk) {}

  void record(std::vector<Row> rows) override { gatherer_->add({std::move(rows), {}, {}}); }
  void record(Alignment found) override { gatherer_->add({{}, std::move(found), {}}); }
  base::Task<base::Result<void>> record_and_wait(std::vector<Row> rows) override;
  base::Task<base::Result<std::vector<Row>>> search(Query query) override;

 private:
  std::shared_ptr<Store> store_;
  std::shared_ptr<Gatherer> gatherer_;
  base::Pool& disk_;
};

base::Task<base::Result<void>> StoredLedger::record_and_wait(std::vector<Row> rows) {
  base::Result<void> result;
  std::function<void(std::function<void()>)> start = [&](std::function<void()> resume) {
    auto done = [&result, resume = std::move(resume)](const base::Result<void>& written) {
      result = written;
      resume();
    };
    gatherer_->add({std::move(rows), {}, std::move(done)});
  };
  co_await base::suspend(std::move(start));
  co_return result;
}

base::Task<base::Result<std::vector<Row>>> StoredLedger::search(Query query) {
  auto look = [store = store_, query = std::move(query)] { return store->search(query); };
  auto found = co_await base::offload(disk_, std::move(look));
  co_return found;
}

}  // namespace

base::Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& directory, base::Executor,
                                                   base::Pool& disk, base::BooksWriter& writer,
                                                   base::Log& log, Options options) {
  auto store = Store::open(directory);
  if (store.has_error()) return store.error();
  return std::unique_ptr<Ledger>(
      std::make_unique<StoredLedger>(std::move(*store), disk, writer, log, options));
}

}  // namespace postern::ledger
