// What the tests of net share: a loop, a clock that stands still, two ends of a real connection, and helpers
// that read and write whole texts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postern/base/spawn.hpp"
#include "postern/net/dialer.hpp"
#include "postern/net/listener.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::net {

using StreamPtr = std::unique_ptr<Stream>;

inline base::Task<base::Result<std::string>> read_text(Stream& stream) {
  char room[64 * 1024];
  auto got = co_await stream.read_some(room);
  if (!got) co_return got.error();
  co_return std::string(room, *got);
}

// All until the peer closes.
inline base::Task<base::Result<std::string>> read_to_end(Stream& stream) {
  std::string all;
  for (;;) {
    auto got = co_await read_text(stream);
    if (!got && got.error().code == base::Errc::closed) co_return all;
    if (!got) co_return got.error();
    all += *got;
  }
}

inline base::Task<base::Result<void>> write_text(Stream& stream, std::string text) {
  auto done = co_await stream.write(text);
  co_return done;
}

class LoopbackTest : public testing::Test {
 protected:
  struct Ends {
    StreamPtr client, server;
  };

  // Starts a task; the result appears when it ends.
  template <class T>
  std::shared_ptr<std::optional<T>> start(base::Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(loop, std::move(task), [result](std::exception_ptr e, T value) {
      if (e) std::rethrow_exception(e);
      result->emplace(std::move(value));
    });
    advance(base::Duration(0));
    return result;
  }
  template <class T>
  T run(base::Task<T> task) {
    return support::run(loop, std::move(task));
  }
  // Runs the loop until `done` says so, real time passing.
  template <class Done>
  bool run_until(Done done, std::chrono::milliseconds at_most = std::chrono::seconds(10)) {
    const auto limit = std::chrono::steady_clock::now() + at_most;
    while (!done() && std::chrono::steady_clock::now() < limit) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
    return done();
  }
  // On the loop, as the group asks for.
  void cancel_tasks() {
    boost::asio::post(loop, [this] { tasks.cancel(); });
    advance(base::Duration(0));
  }
  void advance(base::Duration time) { support::advance(loop, clock, time); }
  base::SteadyTime in(base::Duration time) const { return clock.steady_now() + time; }

  std::unique_ptr<Listener> listen(const std::string& address) {
    return std::move(Listener::listen(loop.get_executor(), clock, address).value());
  }
  static Target target_of(const Listener& listener) {
    Target out;
    const auto address = listener.local_address();
    const auto parsed = HostPort::parse(address);
    out.host = address.starts_with("unix:") ? address : parsed->host;
    out.port = address.starts_with("unix:") ? std::uint16_t{0} : parsed->port;
    return out;
  }
  Ends connect(Listener& listener) {
    Ends ends;
    ends.client = std::move(run(dialer.connect(target_of(listener), base::SteadyTime::max())).value());
    ends.server = std::move(run(listener.accept()).value());
    return ends;
  }
  Ends connect() {
    auto listener = listen("127.0.0.1:0");
    return connect(*listener);
  }

  // Literals only.
  struct Literals final : HostResolver {
    base::Task<base::Result<std::vector<IpAddress>>> addresses(std::string host) override {
      auto literal = IpAddress::parse(host);
      if (!literal) co_return base::fail(base::Errc::not_found, "no such host");
      co_return std::vector<IpAddress>{*literal};
    }
  };

  support::ManualClock clock;
  std::vector<std::string> lines;
  base::Log log{clock, [this](std::string_view line) { lines.emplace_back(line); }};
  boost::asio::io_context loop;
  base::TaskGroup tasks{loop.get_executor(), clock, log};
  Literals literals;
  TcpDialer dialer{loop.get_executor(), clock, literals};
  support::TempDir directory;
};

}  // namespace postern::net
