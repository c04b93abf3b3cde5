#include "postern/net/dialer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.hpp"
#include "support/test_ca.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class DialerTest : public LoopbackTest {
 protected:
  // Gives what the test says, when it says.
  struct Prepared final : HostResolver {
    explicit Prepared(base::Clock& c) : clock(c) {}
    base::Task<base::Result<std::vector<IpAddress>>> addresses(std::string) override {
      co_await base::sleep_until(clock, ready_at);
      co_return answer;
    }
    base::Clock& clock;
    base::SteadyTime ready_at{};
    base::Result<std::vector<IpAddress>> answer{std::vector<IpAddress>()};
  };

  static std::vector<IpAddress> ips(std::initializer_list<const char*> texts) {
    std::vector<IpAddress> out;
    for (const char* text : texts) out.push_back(IpAddress::parse(text).value());
    return out;
  }
  // A listener on 127.0.0.3 alone: the same port of other loopback addresses refuses.
  std::unique_ptr<Listener> only_on_3() { return listen("127.0.0.3:0"); }
  Target named(const Listener& listener) {
    Target out = target_of(listener);
    out.host = "mail.example.com";
    return out;
  }
  static base::Task<base::Result<void>> secure(Stream& stream, std::shared_ptr<TlsContext> context) {
    auto done = co_await stream.start_tls_server(std::move(context));
    co_return done;
  }
  static base::Task<void> dial(TcpDialer& dialer, Target target, base::SteadyTime deadline, Errc& ended) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto stream = co_await dialer.connect(std::move(target), deadline);
    if (!stream) ended = stream.error().code;
  }

  Prepared prepared{clock};
  TcpDialer resolving{loop.get_executor(), clock, prepared};
};

TEST_F(DialerTest, a_closed_port_is_refused_and_named) {
  auto listener = listen("127.0.0.1:0");
  const auto target = target_of(*listener);
  listener->close();
  const auto stream = run(dialer.connect(target, in(seconds(30))));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, Errc::refused);
  EXPECT_THAT(stream.error().message, HasSubstr("127.0.0.1:" + std::to_string(target.port)));
}

TEST_F(DialerTest, a_missing_local_socket_is_not_found) {
  Target target;
  target.host = "unix:" + directory.file("none");
  EXPECT_EQ(run(dialer.connect(target, in(seconds(30)))).error().code, Errc::not_found);
}

TEST_F(DialerTest, the_next_address_is_tried_when_one_is_dead) {
  const auto listener = only_on_3();
  prepared.answer = ips({"127.0.0.2", "127.0.0.3"});
  const auto stream = run(resolving.connect(named(*listener), in(seconds(30))));
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->peer().address.to_string(), "127.0.0.3");
}

TEST_F(DialerTest, each_connection_begins_with_another_address) {
  const auto listener = only_on_3();
  const auto other = listen("127.0.0.4:" + std::to_string(target_of(*listener).port));
  prepared.answer = ips({"127.0.0.3", "127.0.0.4"});
  std::vector<std::string> chosen;
  for (int i = 0; i < 4; ++i) {
    const auto stream = run(resolving.connect(named(*listener), in(seconds(30))));
    ASSERT_TRUE(stream);
    chosen.push_back((*stream)->peer().address.to_string());
  }
  EXPECT_THAT(chosen, testing::ElementsAre("127.0.0.3", "127.0.0.4", "127.0.0.3", "127.0.0.4"));
}

TEST_F(DialerTest, when_all_addresses_are_dead_the_host_is_named) {
  auto listener = only_on_3();
  const auto target = named(*listener);
  listener->close();
  prepared.answer = ips({"127.0.0.2", "127.0.0.3"});
  const auto stream = run(resolving.connect(target, in(seconds(30))));
  EXPECT_EQ(stream.error().code, Errc::refused);
  EXPECT_THAT(stream.error().message, HasSubstr("mail.example.com"));
}

TEST_F(DialerTest, a_name_that_does_not_resolve_says_so) {
  prepared.answer = base::fail(Errc::unavailable, "DNS: timeout");
  Target target;
  target.host = "mail.example.com";
  const auto stream = run(resolving.connect(target, in(seconds(30))));
  EXPECT_EQ(stream.error().code, Errc::unavailable);
  EXPECT_THAT(stream.error().message, HasSubstr("mail.example.com: DNS: timeout"));
}

TEST_F(DialerTest, the_deadline_counts_while_the_name_is_looked_up) {
  prepared.ready_at = in(seconds(60));
  auto stream = start(resolving.connect(Target{"mail.example.com", 25, nullptr}, in(seconds(30))));
  advance(milliseconds(29999));
  EXPECT_FALSE(*stream);
  advance(milliseconds(1));
  ASSERT_TRUE(*stream);
  EXPECT_EQ((*stream)->error().code, Errc::timeout);
  advance(seconds(60));  // the answer comes to nobody
}

TEST_F(DialerTest, cancelling_ends_a_look_up) {
  prepared.ready_at = in(seconds(60));
  Errc ended = Errc::invalid;
  tasks.spawn("dial", dial(resolving, Target{"mail.example.com", 25, nullptr}, in(seconds(30)), ended));
  advance(base::Duration(0));
  cancel_tasks();
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::cancelled);
  advance(seconds(60));
}

TEST_F(DialerTest, the_stream_keeps_the_deadline) {
  auto listener = listen("127.0.0.1:0");
  auto local = listen("unix:" + directory.file("s"));
  for (Listener* at : {listener.get(), local.get()}) {
    const auto stream = run(dialer.connect(target_of(*at), in(seconds(30))));
    auto text = start(read_text(**stream));
    advance(milliseconds(29999));
    EXPECT_FALSE(*text);
    advance(milliseconds(1));
    ASSERT_TRUE(*text);
    EXPECT_EQ((*text)->error().code, Errc::timeout);
  }
}

// A listener whose queue is full drops the first packet of a connection: it hangs as it does behind a
// firewall.
class FullListener {
 public:
  FullListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&where), size), 0);
    EXPECT_EQ(::listen(fd_, 0), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
    port = ntohs(where.sin_port);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)::connect(filler, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    }
  }
  ~FullListener() {
    for (const int filler : fillers_) ::close(filler);
    ::close(fd_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  std::uint16_t port = 0;

 private:
  int fd_;
  int fillers_[4] = {};
};

TEST_F(DialerTest, an_address_that_swallows_everything_gets_ten_seconds) {
  const FullListener full;
  auto stream = start(dialer.connect(Target{"127.0.0.1", full.port, nullptr}, in(seconds(30))));
  advance(milliseconds(9999));
  EXPECT_FALSE(*stream);
  advance(milliseconds(1));
  ASSERT_TRUE(*stream);
  EXPECT_EQ((*stream)->error().code, Errc::timeout);
}

TEST_F(DialerTest, cancelling_ends_a_connect) {
  const FullListener full;
  Errc ended = Errc::invalid;
  tasks.spawn("dial", dial(dialer, Target{"127.0.0.1", full.port, nullptr}, in(seconds(30)), ended));
  advance(base::Duration(0));
  cancel_tasks();
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::cancelled);
}

TEST_F(DialerTest, implicit_tls_is_secured_before_it_is_handed_out) {
  const support::TestCa ca(directory);
  const auto files = ca.issue("DNS:mail.example.com");
  auto listener = only_on_3();
  prepared.answer = ips({"127.0.0.3"});
  Target target = named(*listener);
  target.implicit_tls = TlsContext::client(ca.file()).value();
  auto client = start(resolving.connect(target, in(seconds(30))));
  const auto server = run(listener->accept());
  auto secured = start(secure(**server, TlsContext::server(files.certificate, files.key).value()));
  ASSERT_TRUE(run_until([&] { return client->has_value(); }));
  ASSERT_TRUE(**client);
  EXPECT_TRUE((***client)->encrypted());
}

TEST_F(DialerTest, implicit_tls_to_a_stranger_fails_and_names_the_address) {
  const support::TestCa ca(directory);
  const auto files = ca.issue("DNS:other.example.com");
  auto listener = only_on_3();
  prepared.answer = ips({"127.0.0.3"});
  Target target = named(*listener);
  target.implicit_tls = TlsContext::client(ca.file()).value();
  auto client = start(resolving.connect(target, in(seconds(30))));
  const auto server = run(listener->accept());
  auto secured = start(secure(**server, TlsContext::server(files.certificate, files.key).value()));
  ASSERT_TRUE(run_until([&] { return client->has_value(); }));
  EXPECT_EQ((*client)->error().code, Errc::tls);
  EXPECT_THAT((*client)->error().message, HasSubstr("127.0.0.3"));
}

}  // namespace
}  // namespace postern::net
