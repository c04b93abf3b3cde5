#include "delivery/fake_upstream.hpp"

#include <algorithm>

namespace postern::delivery {

namespace {

class Conversation final : public net::Stream {
 public:
  explicit Conversation(FakeUpstream& upstream) : upstream_(upstream), out_("220 fake ESMTP\r\n") {
    peer_.address = net::IpAddress::parse("192.0.2.1").value();
    peer_.port = 587;
  }
  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override {
    if (out_.empty()) co_return base::fail(base::Errc::closed, "the fake has hung up");
    const std::size_t n = std::min(into.size(), out_.size());
    std::copy_n(out_.data(), n, into.data());
    out_.erase(0, n);
    co_return n;
  }
  base::Task<base::Result<void>> write(std::string_view bytes) override {
    in_ += bytes;
    while (step()) {
    }
    co_return base::Result<void>();
  }
  void set_deadline(base::SteadyTime) override {}
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<net::TlsContext>, std::string) override {
    co_return base::fail(base::Errc::tls, "certificate verify failed");
  }
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<net::TlsContext>) override {
    co_return base::fail(base::Errc::tls, "none");
  }
  bool encrypted() const override { return false; }
  std::string tls_description() const override { return {}; }
  base::Task<void> close() override { co_return; }
  void abort() override {}
  bool quiet() const override { return true; }
  const net::Peer& peer() const override { return peer_; }

 private:
  bool step() {
    const std::string end = in_data_ ? "\r\n.\r\n" : "\r\n";
    const auto at = in_.find(end);
    if (at == std::string::npos) return false;
    const std::string unit = in_.substr(0, at);
    in_.erase(0, at + end.size());
    in_data_ ? end_of_data(unit) : command(unit);
    return true;
  }
  void command(const std::string& line) {
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO") {
      out_ += upstream_.ehlo;
    } else if (verb == "MAIL") {
      if (upstream_.close_when_idle && finished_ > 0) {
        out_.clear();
        in_.clear();
        return;
      }
      ++upstream_.transactions;
      current_ = {line.substr(11, line.find('>') - 11), {}, {}};
      out_ += upstream_.mail_reply;
    } else if (verb == "RCPT") {
      const std::string address = line.substr(9, line.find('>') - 9);
      const auto special = upstream_.rcpt_replies.find(address);
      const std::string reply = special == upstream_.rcpt_replies.end() ? "250 Ok\r\n" : special->second;
      if (reply[0] == '2') current_.to.push_back(address);
      out_ += reply;
    } else if (verb == "DATA") {
      in_data_ = !current_.to.empty();
      out_ += in_data_ ? "354 go on\r\n" : "554 no recipients\r\n";
    } else {
      out_ += verb == "QUIT" ? "221 Bye\r\n" : "250 Ok\r\n";
    }
  }
  void end_of_data(const std::string& content) {
    in_data_ = false;
    ++finished_;
    std::string reply = "250 Ok 0100019dec617b98-" + std::to_string(upstream_.taken.size()) + "-000000\r\n";
    if (!upstream_.final_replies.empty()) {
      reply = upstream_.final_replies.front();
      upstream_.final_replies.pop_front();
    }
    if (reply[0] == '2') {
      current_.content = content + "\r\n";
      upstream_.taken.push_back(current_);
    }
    out_ += reply;
  }

  FakeUpstream& upstream_;
  net::Peer peer_;
  std::string in_, out_;
  bool in_data_ = false;
  int finished_ = 0;
  Taken current_;
};

}  // namespace

base::Task<base::Result<std::unique_ptr<net::Stream>>> FakeUpstream::connect(net::Target, base::SteadyTime) {
  if (refuse_connection != base::Errc::io) co_return base::fail(refuse_connection, "fake: no connection");
  ++connections;
  std::unique_ptr<net::Stream> stream = std::make_unique<Conversation>(*this);
  co_return stream;
}

}  // namespace postern::delivery
