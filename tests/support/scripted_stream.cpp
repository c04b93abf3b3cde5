#include "support/scripted_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

namespace postern::support {

namespace asio = boost::asio;

class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream(std::shared_ptr<Script::State> state, base::Clock& clock, net::Peer peer)
      : state_(std::move(state)), clock_(clock), peer_(peer) {}
  ~ScriptedStream() override { state_->closed = true; }
  ScriptedStream(const ScriptedStream&) = delete;
  ScriptedStream& operator=(const ScriptedStream&) = delete;

  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override;
  base::Task<base::Result<void>> write(std::string_view bytes) override;
  void set_deadline(base::SteadyTime when) override {
    state_->deadline = when;
    state_->wake->cancel();
  }
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<net::TlsContext>,
                                                  std::string host) override {
    state_->tls_host = std::move(host);
    co_return handshake();
  }
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<net::TlsContext>) override {
    co_return handshake();
  }
  bool encrypted() const override { return state_->encrypted; }
  std::string tls_description() const override { return encrypted() ? "TLSv1.3 SCRIPTED" : ""; }
  base::Task<void> close() override {
    state_->closed = true;
    co_return;
  }
  void abort() override {
    state_->closed = state_->aborted = true;
    state_->wake->cancel();
  }
  bool quiet() const override {
    const auto& scenes = state_->scenes;
    return !state_->closed && (scenes.empty() || scenes.front().kind == Script::Scene::Kind::expect);
  }
  const net::Peer& peer() const override { return peer_; }

 private:
  base::Result<void> begin_step();
  base::Result<void> handshake() {
    auto begun = begin_step();
    state_->encrypted = begun.has_value();
    return begun;
  }
  void match();

  std::shared_ptr<Script::State> state_;
  base::Clock& clock_;
  net::Peer peer_;
};

base::Result<void> ScriptedStream::begin_step() {
  ++state_->steps;
  if (state_->closed) return base::fail(base::Errc::closed, "the stream is closed");
  if (state_->failing_step != 0 && state_->steps >= state_->failing_step) {
    return base::fail(state_->failure, "the script fails this step");
  }
  if (clock_.steady_now() >= state_->deadline) return base::fail(base::Errc::timeout, "timeout");
  return {};
}

base::Task<base::Result<std::size_t>> ScriptedStream::read_some(std::span<char> into) {
  auto begun = begin_step();
  if (!begun) co_return begun.error();
  for (;;) {
    if (state_->closed) co_return base::fail(base::Errc::closed, "the stream is closed");
    if (clock_.steady_now() >= state_->deadline) co_return base::fail(base::Errc::timeout, "timeout");
    auto& scenes = state_->scenes;
    if (!scenes.empty() && scenes.front().kind == Script::Scene::Kind::hang_up) {
      co_return base::fail(base::Errc::closed, "the peer closed the connection");
    }
    if (!scenes.empty() && scenes.front().kind == Script::Scene::Kind::reply) {
      std::string& bytes = scenes.front().bytes;
      const std::size_t n = bytes.copy(into.data(), into.size());
      bytes.erase(0, n);
      if (bytes.empty()) scenes.pop_front();
      match();
      co_return n;
    }
    state_->wake->expires_at(state_->deadline);
    co_await state_->wake->wait();
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      co_await asio::this_coro::reset_cancellation_state();
      co_return base::fail(base::Errc::cancelled, "cancelled");
    }
  }
}

base::Task<base::Result<void>> ScriptedStream::write(std::string_view bytes) {
  auto begun = begin_step();
  if (!begun) co_return begun;
  state_->written += bytes;
  state_->writes.emplace_back(bytes);
  state_->unmatched += bytes;
  match();
  state_->wake->cancel();
  co_return base::Result<void>();
}

// Takes off the script what has been written as expected.
void ScriptedStream::match() {
  auto& scenes = state_->scenes;
  auto& unmatched = state_->unmatched;
  while (!scenes.empty() && scenes.front().kind == Script::Scene::Kind::expect && !unmatched.empty()) {
    std::string& wanted = scenes.front().bytes;
    const std::size_t n = std::min(wanted.size(), unmatched.size());
    if (wanted.compare(0, n, unmatched, 0, n) != 0) {
      ADD_FAILURE() << "the script expects: " << testing::PrintToString(wanted)
                    << "\nbut got: " << testing::PrintToString(unmatched);
      return abort();
    }
    wanted.erase(0, n);
    unmatched.erase(0, n);
    if (wanted.empty()) scenes.pop_front();
  }
}

Script::Script(base::Executor executor, base::Clock& clock)
    : clock_(clock), state_(std::make_shared<State>()) {
  peer.address = net::IpAddress::parse("127.0.0.1").value();
  peer.port = 4711;
  state_->wake = clock.make_timer(std::move(executor));
}

Script& Script::expect(std::string bytes) {
  return add({Scene::Kind::expect, std::move(bytes)});
}

Script& Script::reply(std::string bytes) {
  return add({Scene::Kind::reply, std::move(bytes)});
}

Script& Script::reply_portions(const std::string& bytes, std::size_t portion) {
  for (std::size_t at = 0; at < bytes.size(); at += portion) reply(bytes.substr(at, portion));
  return *this;
}

Script& Script::hang_up() {
  return add({Scene::Kind::hang_up, {}});
}

Script& Script::add(Scene scene) {
  state_->scenes.push_back(std::move(scene));
  state_->wake->cancel();
  return *this;
}

Script& Script::fail_step(std::size_t n, base::Errc code) {
  state_->failing_step = n;
  state_->failure = code;
  return *this;
}

std::unique_ptr<net::Stream> Script::stream() {
  return std::make_unique<ScriptedStream>(state_, clock_, peer);
}

}  // namespace postern::support
