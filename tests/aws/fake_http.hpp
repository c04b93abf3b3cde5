// An HttpClient that a test answers for, and what the tests of the credential chain and of SES share: a loop,
// a clock that stands still, a made-up disk and environment.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "postern/aws/credentials.hpp"
#include "support/manual_clock.hpp"

namespace postern::aws {

using Answer = base::Result<net::HttpResponse>;

inline net::HttpResponse http_answer(int status, std::string body,
                                     std::map<std::string, std::string> headers = {}) {
  net::HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

inline std::string header_of(const net::HttpCall& call, const std::string& name) {
  for (const auto& [key, value] : call.headers)
    if (key == name) return value;
  return {};
}

inline std::string url_of(const net::HttpCall& call) {
  return call.method + " " + call.url.origin() + call.url.path +
         (call.url.query.empty() ? "" : "?" + call.url.query);
}

// Answers each URL ("GET http://host:80/path") with the next of what is laid out for it, the last one again
// and again. What is not laid out is refused: nobody listens there.
class FakeHttp final : public net::HttpClient {
 public:
  explicit FakeHttp(base::Clock& clock) : clock_(clock) {}
  void lay_out(const std::string& url, Answer answer) { answers_[url].push_back(std::move(answer)); }
  void forget() { answers_.clear(); }
  base::Task<Answer> call(net::HttpCall call) override {
    const std::string url = url_of(call);
    calls.push_back(std::move(call));
    if (delay > base::Duration(0)) co_await base::sleep_for(clock_, delay);
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
      co_await boost::asio::this_coro::reset_cancellation_state();
      co_return base::fail(base::Errc::cancelled, "cancelled");
    }
    auto found = answers_.find(url);
    if (found == answers_.end()) co_return base::fail(base::Errc::refused, url + ": nobody listens");
    Answer answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    co_return answer;
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> out;
    for (const auto& one : calls) out.push_back(url_of(one));
    return out;
  }

  std::vector<net::HttpCall> calls;
  base::Duration delay{0};

 private:
  base::Clock& clock_;
  std::map<std::string, std::deque<Answer>> answers_;
};

class AwsTest : public testing::Test {
 protected:
  template <class T>
  std::shared_ptr<std::optional<T>> start(base::Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(loop, std::move(task), [result](std::exception_ptr e, T value) {
      if (e) std::rethrow_exception(e);
      result->emplace(std::move(value));
    });
    return result;
  }
  // Until it ends; where nothing goes on any more the clock goes on to the next timer.
  template <class T>
  T finish(const std::shared_ptr<std::optional<T>>& later) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!later->has_value() && std::chrono::steady_clock::now() < limit) {
      loop.restart();
      const auto ran = loop.run_one_for(std::chrono::milliseconds(5));
      if (ran == 0 && clock.next() != base::SteadyTime::max()) clock.move_to(clock.next());
    }
    return later->value();
  }
  template <class T>
  T run(base::Task<T> task) {
    return finish(start(std::move(task)));
  }

  Files files() {
    Files out;
    out.read = [this](const std::string& path) -> base::Result<std::string> {
      const std::lock_guard lock(mutex);
      ++reads;
      if (unreadable == path) return base::fail(base::Errc::permission, "secret detail");
      const auto found = disk_content.find(path);
      if (found == disk_content.end()) return base::fail(base::Errc::not_found, "no such file");
      return found->second;
    };
    out.stamp = [this](const std::string& path) -> std::string {
      const std::lock_guard lock(mutex);
      const auto found = disk_content.find(path);
      return found == disk_content.end() ? "" : found->second;
    };
    return out;
  }
  CredentialSources sources() {
    return CredentialSources{clock, random, http, disk, files(), environment, &log};
  }

  boost::asio::io_context loop;
  support::ManualClock clock;
  base::SeededRandom random{1};
  std::vector<std::string> lines;
  base::Log log{clock, [this](std::string_view line) { lines.emplace_back(line); }};
  FakeHttp http{clock};
  std::mutex mutex;
  std::map<std::string, std::string> disk_content;
  std::string unreadable;
  int reads = 0;
  net::Environment environment{{"HOME", "/home/u"}};
  base::Pool disk{"disk", 1};
};

}  // namespace postern::aws
