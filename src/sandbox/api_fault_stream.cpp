#include "api_fault_stream.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace postern::sandbox {
namespace {

constexpr std::string_view mark = "X-Sandbox-Fault";
constexpr std::string_view endless_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "23\r\n{\"SuppressedDestinationSummaries\":[\r\n";
static_assert(std::string_view("{\"SuppressedDestinationSummaries\":[").size() == 0x23);

bool is_marked(std::string_view answer, Fault::Kind kind) {
  const auto head = answer.substr(0, answer.find("\r\n\r\n"));
  return head.find(fmt::format("\r\n{}: {}", mark, to_string(kind))) != std::string_view::npos;
}

class BreakingStream final : public net::Stream {
 public:
  BreakingStream(std::unique_ptr<net::Stream> inner, base::Clock& clock)
      : inner_(std::move(inner)), clock_(clock) {}

  base::Task<base::Result<void>> write(std::string_view bytes) override {
    if (is_marked(bytes, Fault::Kind::cut_body)) return cut(bytes);
    if (is_marked(bytes, Fault::Kind::endless_body))
      return go_on(std::string(64 * 1024, ' '), base::Duration(0));
    if (is_marked(bytes, Fault::Kind::drip_body)) return go_on(" ", std::chrono::seconds(1));
    return inner_->write(bytes);
  }

  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override {
    return inner_->read_some(into);
  }
  void set_deadline(base::SteadyTime when) override { inner_->set_deadline(when); }
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<net::TlsContext> context,
                                                  std::string host) override {
    return inner_->start_tls_client(std::move(context), std::move(host));
  }
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<net::TlsContext> context) override {
    return inner_->start_tls_server(std::move(context));
  }
  bool encrypted() const override { return inner_->encrypted(); }
  std::string tls_description() const override { return inner_->tls_description(); }
  base::Task<void> close() override { return inner_->close(); }
  void abort() override { inner_->abort(); }
  bool quiet() const override { return inner_->quiet(); }
  const net::Peer& peer() const override { return inner_->peer(); }

 private:
  base::Task<base::Result<void>> cut(std::string_view answer) {
    const auto body = answer.find("\r\n\r\n") + 4;
    co_await inner_->write(answer.substr(0, body + (answer.size() - body) / 2));
    inner_->abort();
    co_return base::fail(base::Errc::closed, "cut on purpose");
  }

  // Until the client has gone or the server's patience with a client that does not read has ended.
  base::Task<base::Result<void>> go_on(std::string filling, base::Duration pause) {
    auto written = co_await inner_->write(endless_head);
    const auto chunk = fmt::format("{:x}\r\n{}\r\n", filling.size(), filling);
    while (written) {
      if (pause > base::Duration(0)) co_await base::sleep_for(clock_, pause);
      written = co_await inner_->write(chunk);
    }
    co_return written;
  }

  std::unique_ptr<net::Stream> inner_;
  base::Clock& clock_;
};

class BreakingListener final : public net::Listener {
 public:
  BreakingListener(std::unique_ptr<net::Listener> inner, base::Clock& clock)
      : inner_(std::move(inner)), clock_(clock) {}

  base::Task<base::Result<std::unique_ptr<net::Stream>>> accept() override {
    auto stream = co_await inner_->accept();
    if (!stream) co_return stream.error();
    std::unique_ptr<net::Stream> broken = std::make_unique<BreakingStream>(std::move(*stream), clock_);
    co_return broken;
  }
  std::string local_address() const override { return inner_->local_address(); }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<net::Listener> inner_;
  base::Clock& clock_;
};

}  // namespace

void mark_broken(Fault::Kind kind, net::HttpResponse& response) {
  response.headers[std::string(mark)] = to_string(kind);
}

std::shared_ptr<net::Listener> breaking(std::unique_ptr<net::Listener> listener, base::Clock& clock) {
  return std::make_shared<BreakingListener>(std::move(listener), clock);
}

}  // namespace postern::sandbox
