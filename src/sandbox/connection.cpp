#include "connection.hpp"

#include <utility>

namespace postern::sandbox {

Connection::Connection(std::unique_ptr<net::Stream> stream, base::Clock& clock, base::Executor executor,
                       Connections& all)
    : stream_(std::move(stream)),
      reader_(*stream_),
      clock_(clock),
      timer_(clock.make_timer(std::move(executor))),
      all_(all),
      active_(clock.steady_now()) {
  all_.insert(this);
}

Connection::~Connection() {
  all_.erase(this);
}

base::Task<bool> Connection::send(std::string bytes) {
  writing_ = true;
  const auto written = co_await stream_->write(bytes);
  writing_ = false;
  active_ = clock_.steady_now();
  co_return written.has_value() && !finished_;
}

base::Task<bool> Connection::fill() {
  const auto filled = co_await reader_.fill();
  active_ = clock_.steady_now();
  co_return filled.has_value() && !finished_;
}

// What came in before the hand-shake was said in clear and counts for nothing (RFC 3207 5).
base::Task<bool> Connection::start_tls(std::shared_ptr<net::TlsContext> context) {
  reader_.discard();
  writing_ = true;
  const auto started = co_await stream_->start_tls_server(std::move(context));
  writing_ = false;
  active_ = clock_.steady_now();
  co_return started.has_value() && !finished_;
}

base::Task<void> Connection::close() {
  if (std::exchange(finished_, true)) co_return;
  timer_->cancel();
  co_await stream_->close();
}

void Connection::abort() {
  if (std::exchange(finished_, true)) return;
  timer_->cancel();
  stream_->abort();
}

base::Task<void> Connection::watch(std::shared_ptr<Connection> connection) {
  while (!connection->finished_) {
    const auto due = connection->active_ + idle_limit;
    if (due <= connection->clock_.steady_now()) {
      co_await connection->expire();
      co_return;
    }
    connection->timer_->expires_at(due);
    co_await connection->timer_->wait();
  }
}

// A client that does not take what it is sent, or stops within a hand-shake, cannot be told anything.
base::Task<void> Connection::expire() {
  static constexpr std::string_view notice = "451 4.4.2 Timeout waiting for data from client.\r\n";
  constexpr std::chrono::seconds patience{1};
  if (!writing_) {
    writing_ = true;
    finished_ = true;
    stream_->set_deadline(clock_.steady_now() + patience);
    co_await stream_->write(notice);
  }
  finished_ = true;
  stream_->abort();
}

}  // namespace postern::sandbox
