// What a full pass over a long suppression list does to the acceptance of mail: messages through the spool,
// turn by turn without a pass, with a page a second (as SES gives them), and during the merge of the end. And
// how long an outcome waits for the ledger meanwhile, beside how long it would wait for the list's writer.
// suppression_acceptance_bench [entries] [turns]
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdlib>

#include "postern/base/random.hpp"
#include "postern/base/suspend.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/spool/spool.hpp"
#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"
#include "support/books.hpp"

namespace postern::suppression {
namespace {

base::SystemClock wall_clock;

void must(bool good, std::string_view what) {
  if (good) return;
  fmt::print("failed: {}\n", what);
  std::exit(1);
}

struct Sample {
  std::vector<double> waits;  // milliseconds until the 250
  std::vector<double> outcomes, list_writer;
  double seconds = 0;

  double rate() const { return static_cast<double>(waits.size()) / seconds; }
  double p99() { return part(waits, 0.99); }
  static double part(std::vector<double>& times, double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1));
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(at));
    return times[at];
  }
};

double since(base::SteadyTime began) {
  return std::chrono::duration<double, std::milli>(wall_clock.steady_now() - began).count();
}

// Clients that hand in mail without a pause, each one message at a time.
class Clients {
 public:
  Clients(support::Books& books, const std::string& directory)
      : books_(books),
        spool_(std::move(
            spool::Spool::open({directory}, books.loop.get_executor(), books.log, books.metrics).value())),
        ledger_(std::move(
            ledger::Ledger::open(directory, books.loop.get_executor(), books.disk, ledger_writer_, books.log)
                .value())) {}

  // Until the time is over and `busy` says no more.
  void run(Sample& sample, base::Duration least, const bool& busy) {
    const auto began = wall_clock.steady_now();
    int running = 0;
    bool stop = false;
    for (int i = 0; i < 16; ++i) {
      ++running;
      boost::asio::co_spawn(books_.loop, client(sample, stop), [&running](std::exception_ptr) { --running; });
    }
    ++running;
    boost::asio::co_spawn(books_.loop, outcomes(sample, stop), [&running](std::exception_ptr) { --running; });
    books_.loop.restart();
    while (running > 0) {
      books_.loop.run_one_for(std::chrono::milliseconds(10));
      stop = stop || (wall_clock.steady_now() - began > least && !busy);
    }
    sample.seconds += std::chrono::duration<double>(wall_clock.steady_now() - began).count();
  }

 private:
  base::Task<void> client(Sample& sample, const bool& stop) {
    while (!stop) {
      const spool::MessagePtr message = make_message();
      const auto began = wall_clock.steady_now();
      auto appended = co_await spool_->append(message);
      sample.waits.push_back(since(began));
      must(appended.has_value(), "append");
      std::vector<spool::Settlement> done(1);
      auto settled = co_await spool_->settle(message->id, std::move(done));
      must(settled.has_value(), "settle");
    }
  }
  base::Task<void> outcomes(Sample& sample, const bool& stop) {
    while (!stop) {
      const auto began = wall_clock.steady_now();
      std::function<void(std::function<void()>)> wait = [this](std::function<void()> resume) {
        books_.writer.post(std::move(resume));
      };
      co_await base::suspend(std::move(wait));
      sample.list_writer.push_back(since(began));
      std::vector<ledger::Row> rows(1);
      rows[0].arrived = rows[0].time = wall_clock.wall_now();
      rows[0].id = base::make_id(rows[0].arrived, random_);
      rows[0].to = "somebody@example.net";
      const auto handed = wall_clock.steady_now();
      auto recorded = co_await ledger_->record_and_wait(std::move(rows));
      must(recorded.has_value(), "record");
      sample.outcomes.push_back(since(handed));
      co_await base::sleep_for(wall_clock, std::chrono::milliseconds(2));
    }
  }
  spool::MessagePtr make_message() {
    auto m = std::make_shared<spool::Message>();
    m->arrived = wall_clock.wall_now();
    m->id = base::make_id(m->arrived, random_);
    m->sender = "app@example.com";
    m->client = m->stream = "127.0.0.1";
    m->content.header = std::string(600, 'h');
    m->content.body = body_;
    m->content.body_size = body_->size();
    spool::Recipient r;
    r.address = "somebody@example.net";
    r.due = m->arrived;
    m->recipients.push_back(std::move(r));
    return m;
  }

  support::Books& books_;
  std::unique_ptr<spool::Spool> spool_;
  base::BooksWriter ledger_writer_;
  std::unique_ptr<ledger::Ledger> ledger_;
  base::SystemRandom random_;
  std::shared_ptr<const std::string> body_ = std::make_shared<const std::string>(4096, 'b');
};

class Pass {
 public:
  Pass(support::Books& books, SyncTarget& sync) : books_(books), sync_(sync) {}

  base::Task<void> begin() {
    const std::string scope = "bench";
    auto begun = co_await sync_.begin(PassKind::full, scope, wall_clock.wall_now());
    must(begun.has_value(), "begin");
  }
  base::Task<void> add(bool last) {
    Page page;
    page.when = wall_clock.wall_now();
    for (int i = 0; i < 1000; ++i) page.entries.push_back({next_address(), "BOUNCE", page.when});
    if (!last) page.next_token = "next";
    auto added = co_await sync_.add_page(PassKind::full, std::move(page));
    must(added.has_value(), "add_page");
  }
  base::Task<void> add_for(int seconds, bool& busy) {
    for (int i = 0; i < seconds; ++i) {
      const auto next = wall_clock.steady_now() + std::chrono::seconds(1);
      co_await add(false);
      co_await base::sleep_until(wall_clock, next);
    }
    busy = false;
  }
  base::Task<void> finish(bool& busy) {
    co_await add(true);
    auto finished = co_await sync_.finish(PassKind::full, wall_clock.wall_now());
    must(finished.has_value(), "finish");
    bool more = true;
    while (more) {
      auto swept = co_await sync_.sweep();
      must(swept.has_value(), "sweep");
      more = *swept;
      co_await base::sleep_for(wall_clock, std::chrono::milliseconds(20));
    }
    busy = false;
  }
  template <class Step>
  void start(Step step) {
    boost::asio::co_spawn(books_.loop, std::move(step), [](std::exception_ptr e) { must(!e, "pass"); });
  }

 private:
  std::string next_address() {
    std::uint64_t mixed = ++number_ * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 29;
    return fmt::format("user{:x}.{}@customer{}.example.com", mixed & 0xffffff, number_, mixed >> 54);
  }

  support::Books& books_;
  SyncTarget& sync_;
  std::uint64_t number_ = 0;
};

void report(const char* what, Sample& sample, Sample& alone) {
  fmt::print("{:<28} {:>8.0f} msgs/s {:>6.1f} % of alone (> 95)   p99 of the 250 {:>7.2f} ms (< 50)\n", what,
             sample.rate(), sample.rate() / alone.rate() * 100, sample.p99());
  for (auto& [wait, times] : {std::pair{"an outcome, for the ledger", &sample.outcomes},
                              {"for the list's writer", &sample.list_writer}})
    fmt::print("  {:<28} p50 {:>7.2f}   p99 {:>7.2f} ms (< 20)   longest {:>7.2f} ms\n", wait,
               Sample::part(*times, 0.5), Sample::part(*times, 0.99), Sample::part(*times, 1));
}

void measure(int entries, int turns) {
  const support::TempDir directory;
  support::Books books;
  auto list = std::move(List::open(directory.path(), books.loop.get_executor(), books.disk, books.writer,
                                   books.log, books.metrics)
                            .value());
  Clients clients(books, directory.path());
  Pass pass(books, *list->sync_target());
  Sample alone, paged, merged;
  books.wait(pass.begin());
  for (int at = 0; at < entries / 1000; ++at) books.wait(pass.add(false));
  for (int turn = 0; turn < turns; ++turn) {
    bool busy = false;
    clients.run(alone, std::chrono::seconds(4), busy);
    busy = true;
    pass.start(pass.add_for(4, busy));
    clients.run(paged, std::chrono::seconds(4), busy);
  }
  bool busy = true;
  pass.start(pass.finish(busy));
  clients.run(merged, std::chrono::seconds(1), busy);
  report("without a pass", alone, alone);
  report("with a page a second", paged, alone);
  report("while it merges and sweeps", merged, alone);
  fmt::print("merge and sweep of {} entries took {:.1f} s\n", list->size(), merged.seconds);
}

}  // namespace
}  // namespace postern::suppression

int main(int argc, char** argv) {
  const int entries = argc > 1 ? std::atoi(argv[1]) : 200'000;
  const int turns = argc > 2 ? std::atoi(argv[2]) : 4;
  postern::suppression::measure(entries, turns);
}
