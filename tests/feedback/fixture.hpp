// A sync between a list in memory and an SES in memory, on a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <memory>

#include "feedback/fake_ses.hpp"
#include "feedback/fake_target.hpp"
#include "postern/feedback/suppression_sync.hpp"
#include "support/run.hpp"

namespace postern::feedback::test {

using Names = std::vector<std::string>;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct SyncFixture : testing::Test {
  boost::asio::io_context loop;
  support::ManualClock clock;
  std::string logged;
  base::Log log{clock, [this](std::string_view line) { logged += line; }};
  base::Metrics metrics;
  base::SeededRandom random{7};
  FakeSes ses{clock};
  FakeTarget list;
  std::shared_ptr<SuppressionSyncSettings> settings = std::make_shared<SuppressionSyncSettings>();
  std::unique_ptr<SuppressionSync> sync;
  std::unique_ptr<base::TaskGroup> tasks;

  SyncFixture() {
    settings->enabled = true;
    settings->reasons = {"BOUNCE", "COMPLAINT"};
    settings->region = "eu-central-1";
  }
  ~SyncFixture() override { stop(); }

  void start() {
    sync = std::make_unique<SuppressionSync>(SuppressionSync::Dependencies{
        loop.get_executor(), clock, random, log, metrics, ses, list, [this] { return settings; }});
    tasks = std::make_unique<base::TaskGroup>(loop.get_executor(), clock, log);
    tasks->spawn("suppression sync", sync->run());
    settle();
  }
  // As a stop of the daemon does.
  void stop() {
    if (!tasks) return;
    tasks->cancel();
    settle();
    EXPECT_EQ(tasks->size(), 0u);
    tasks.reset();
    sync.reset();
  }
  void restart() {
    stop();
    start();
  }
  void settle() {
    loop.restart();
    loop.poll();
  }
  void advance(base::Duration time) { support::advance(loop, clock, time); }
  template <class T>
  T wait(base::Task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(task),
                          [&](std::exception_ptr, T value) { result = std::move(value); });
    for (int i = 0; !result && i < 1000; ++i) advance(seconds(1));
    return std::move(result.value());
  }
  void use(const SuppressionSyncSettings& changed) {
    settings = std::make_shared<SuppressionSyncSettings>(changed);
    sync->settings_changed();
  }

  void ses_lists(int count, const std::string& prefix = "user") {
    for (int i = 0; i < count; ++i) ses.list_old(prefix + std::to_string(1000 + i) + "@example.com");
  }
  Names listed_at_ses() const {
    Names out;
    for (const auto& [address, entry] : ses.listed) out.push_back(mail::lookup_key(address));
    return out;
  }
  double metric(const std::string& name) const {
    const std::string text = metrics.render();
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return -999;
    return std::stod(text.substr(at + name.size() + 2));
  }
  std::size_t times_logged(const std::string& text) const {
    std::size_t found = 0;
    for (auto at = logged.find(text); at != std::string::npos; at = logged.find(text, at + 1)) ++found;
    return found;
  }
};

}  // namespace postern::feedback::test
