// A connection without a network: the test says what the client says and reads what it is told. Its TLS
// hand-shake only flips a flag.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>

#include "postern/net/stream.hpp"

namespace postern::sandbox {

// The client's end; shared with the stream, which the server owns.
struct Wire {
  std::string to_server, to_client;
  bool closed = false;
  boost::asio::steady_timer* reader = nullptr;
  void say(std::string_view text) {
    to_server += text;
    if (reader != nullptr) reader->cancel();
  }
  std::string take() { return std::exchange(to_client, {}); }
};

class MemoryStream final : public net::Stream {
 public:
  MemoryStream(std::shared_ptr<Wire> wire, const base::Executor& executor)
      : wire_(std::move(wire)), signal_(executor, base::SteadyTime::max()) {
    peer_.address = net::IpAddress();
    wire_->reader = &signal_;
  }
  ~MemoryStream() override { wire_->reader = nullptr; }
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;

  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override {
    while (wire_->to_server.empty() && !wire_->closed)
      co_await signal_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (wire_->closed) co_return base::fail(base::Errc::closed, "closed");
    const auto n = std::min(into.size(), wire_->to_server.size());
    std::copy_n(wire_->to_server.begin(), n, into.begin());
    wire_->to_server.erase(0, n);
    co_return n;
  }
  base::Task<base::Result<void>> write(std::string_view bytes) override {
    if (wire_->closed) co_return base::fail(base::Errc::closed, "closed");
    wire_->to_client += bytes;
    co_return base::Result<void>();
  }
  void set_deadline(base::SteadyTime) override {}
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<net::TlsContext>, std::string) override {
    co_return base::fail(base::Errc::tls, "a server");
  }
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<net::TlsContext>) override {
    encrypted_ = true;
    co_return base::Result<void>();
  }
  bool encrypted() const override { return encrypted_; }
  std::string tls_description() const override { return encrypted_ ? "TLSv1.3 TEST" : ""; }
  base::Task<void> close() override {
    abort();
    co_return;
  }
  void abort() override {
    wire_->closed = true;
    signal_.cancel();
  }
  bool quiet() const override { return wire_->to_server.empty() && !wire_->closed; }
  const net::Peer& peer() const override { return peer_; }

 private:
  std::shared_ptr<Wire> wire_;
  boost::asio::steady_timer signal_;  // never expires: cancelling it is the signal
  net::Peer peer_;
  bool encrypted_ = false;
};

}  // namespace postern::sandbox
