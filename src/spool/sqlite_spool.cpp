#include "sqlite_spool.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "bodies.hpp"

namespace postern::spool {

namespace asio = boost::asio;
using base::Errc;
using base::Result;
using base::Task;

namespace {

base::Error closed() {
  return base::fail(Errc::closed, "the spool is closed");
}

base::Error broken() {
  return base::fail(Errc::io, "the spool has failed");
}

// Queues the job and waits until its batch is on disk. By value: the spool may be gone when the waiter wakes.
Task<void> commit(std::shared_ptr<Writer> writer, std::shared_ptr<Job> job) {
  if (writer->failed()) {
    job->fail(broken());
    co_return;
  }
  auto initiate = [&writer, &job](auto handler) {
    const auto executor = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    std::function<void()> resume = [shared, guard = asio::make_work_guard(executor)] {
      asio::dispatch(guard.get_executor(), [shared] { (*shared)(); });
    };
    if (writer->submit({job, resume})) return;
    job->fail(closed());
    asio::post(executor, std::move(resume));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<base::Executor>, void()>(initiate,
                                                                                     asio::use_awaitable);
}

template <class T>
Task<Result<T>> write(std::shared_ptr<Writer> writer, typename JobOf<T>::Work work) {
  auto job = std::make_shared<JobOf<T>>(std::move(work));
  co_await commit(writer, job);
  co_return std::move(job->result);
}

// Over one message or all of them, a slice a job: between two slices everybody else gets his turn.
Task<Result<std::size_t>> touch(std::shared_ptr<Writer> writer, std::string id, Store::Action action) {
  std::size_t touched = 0;
  Store::Slice slice;
  do {
    JobOf<Store::Slice>::Work work = [id, action, after = slice.last](Store& store) {
      return Result<Store::Slice>(store.apply(id, after, action));
    };
    auto done = co_await write<Store::Slice>(writer, std::move(work));
    if (done.has_error()) co_return done.error();
    slice = std::move(done.value());
    touched += slice.touched;
  } while (slice.more);
  co_return touched;
}

// A row without its body can't be sent: an operator has to see it.
void hold_without_body(Store& store, const std::vector<std::string>& missing) {
  const std::set<std::string> names(missing.begin(), missing.end());
  const Store::Action action = [&names](Store& s, const Store::Row& row) {
    return names.contains(row.body_file) && s.hold(row, "body file is missing");
  };
  Store::Slice slice;
  do {
    store.begin();
    slice = store.apply("all", slice.last, action);
    store.commit();
  } while (slice.more);
}

Result<void> compare_bodies(const Paths& paths, Store& store, base::Log& log) {
  const auto swept = sweep_bodies(paths.bodies, store.body_file_names());
  if (swept.has_error()) return swept.error();
  const auto& [removed, missing] = swept.value();
  if (removed > 0) log.info("spool swept", {{"orphans", removed}});
  if (missing.empty()) return {};
  log.error("spool misses body files", {{"count", missing.size()}, {"first", missing.front()}});
  hold_without_body(store, missing);
  return {};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(Options options, base::Executor loop, base::Log& log,
                                           base::Metrics& metrics) {
  const Paths paths = paths_in(options.directory);
  const base::DatabaseOptions wanted = database_options(paths);
  auto db = base::Database::open(wanted);
  if (db.has_error()) return db.error();
  try {
    auto writer = std::make_shared<Writer>(std::move(db.value()), paths.bodies, log, metrics);
    if (auto bodies = compare_bodies(paths, writer->store(), log); bodies.has_error()) return bodies.error();
    return std::unique_ptr<Spool>(std::make_unique<SqliteSpool>(paths, std::move(writer), std::move(loop)));
  } catch (const SQLite::Exception& e) {
    base::Error error = base::database_error(paths.database, e);
    return error.code == Errc::corrupt ? base::set_aside(wanted, e.what()) : error;
  }
}

SqliteSpool::SqliteSpool(Paths paths, std::shared_ptr<Writer> writer, base::Executor loop)
    : paths_(std::move(paths)),
      writer_(std::move(writer)),
      reader_(std::make_unique<Reader>(open_reader(paths_), paths_.bodies)) {
  loop_side_->totals = writer_->store().totals();
  writer_->start([side = loop_side_, loop = std::move(loop)](Batch batch, const Totals& totals) {
    asio::post(loop, [side, batch = std::move(batch), totals]() mutable { side->finish(batch, totals); });
  });
}

SqliteSpool::~SqliteSpool() {
  close();
}

void SqliteSpool::LoopSide::finish(Batch& batch, const Totals& now) {
  totals = now;
  for (auto& [job, resume] : batch) {
    if (job->appended && job->succeeded()) {
      for (const auto& tell : subscribers) tell(job->appended);
    }
    std::exchange(resume, nullptr)();
  }
}

// The reader goes first: with it gone the writer's connection is the last one and leaves no log behind.
void SqliteSpool::close() {
  if (std::exchange(closed_, true)) return;
  reading_.join();
  reader_.reset();
  writer_->close();
}

Task<Result<void>> SqliteSpool::append(MessagePtr message) {
  JobOf<void>::Work work = [message](Store& store) { return store.append(*message); };
  auto job = std::make_shared<JobOf<void>>(std::move(work));
  job->bytes = message->content.header.size() + (message->content.body ? message->content.body->size() : 0);
  job->appended = std::move(message);
  co_await commit(writer_, job);
  co_return std::move(job->result);
}

Task<Result<void>> SqliteSpool::settle(std::string id, std::vector<Settlement> settlements) {
  JobOf<void>::Work work = [id = std::move(id), settlements = std::move(settlements)](Store& store) {
    return store.settle(id, settlements);
  };
  return write<void>(writer_, std::move(work));
}

void SqliteSpool::subscribe(std::function<void(MessagePtr)> appended) {
  loop_side_->subscribers.push_back(std::move(appended));
}

Task<Result<std::size_t>> SqliteSpool::make_due(std::string id, base::WallTime now) {
  return touch(writer_, std::move(id),
               [now](Store& store, const Store::Row& row) { return store.make_due(row, now); });
}

Task<Result<std::size_t>> SqliteSpool::hold(std::string id, std::string reason) {
  return touch(writer_, std::move(id), [reason = std::move(reason)](Store& store, const Store::Row& row) {
    return store.hold(row, reason);
  });
}

Task<Result<std::size_t>> SqliteSpool::release(std::string id, base::WallTime now) {
  return touch(writer_, std::move(id),
               [now](Store& store, const Store::Row& row) { return store.release(row, now); });
}

Task<Result<std::size_t>> SqliteSpool::remove(std::string id) {
  return touch(writer_, std::move(id), [](Store& store, const Store::Row& row) {
    store.remove(row);
    return true;
  });
}

Task<Result<void>> SqliteSpool::make_all_due(base::WallTime now) {
  Store::Action action = [now](Store& store, const Store::Row& row) { return store.hasten(row, now); };
  auto touched = co_await touch(writer_, "all", std::move(action));
  Result<void> result;
  if (touched.has_error()) result = touched.error();
  co_return result;
}

Task<Result<std::vector<MessagePtr>>> SqliteSpool::due(base::WallTime now, std::size_t limit,
                                                       std::size_t per_stream, std::set<std::string> skip) {
  return read<std::vector<MessagePtr>>([now, limit, per_stream, skip = std::move(skip)](Reader& reader) {
    return reader.due(now, limit, per_stream, skip);
  });
}

Task<Result<std::optional<base::WallTime>>> SqliteSpool::next_due() {
  return read<std::optional<base::WallTime>>([](Reader& reader) { return reader.next_due(); });
}

Task<Result<MessagePtr>> SqliteSpool::load(std::string id) {
  return read<MessagePtr>([id = std::move(id)](Reader& reader) -> Result<MessagePtr> {
    auto message = reader.load(id);
    if (!message) return base::fail(Errc::not_found, id + " is not in the spool");
    return message;
  });
}

Task<Result<std::vector<MessagePtr>>> SqliteSpool::list(std::size_t limit, std::string after_id) {
  return read<std::vector<MessagePtr>>(
      [limit, after_id = std::move(after_id)](Reader& reader) { return reader.list(limit, after_id); });
}

// A page that can't be read fails the spool as a write would: the start checks the file.
template <class T>
Task<Result<T>> SqliteSpool::read(std::function<Result<T>(Reader&)> work) {
  if (closed_) co_return closed();
  if (failed()) co_return broken();
  auto guarded = [this, work = std::move(work)]() -> Result<T> {
    try {
      return work(*reader_);
    } catch (const SQLite::Exception& e) {
      base::Error error = base::database_error("read of spool.db", e);
      if (base::severity_of(error) == base::Severity::broken) writer_->fail(error);
      return error;
    }
  };
  auto result = co_await base::offload(reading_, std::move(guarded));
  co_return result;
}

}  // namespace postern::spool
