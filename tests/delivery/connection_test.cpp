#include "delivery/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_dialer.hpp"
#include "support/run.hpp"
#include "support/scripted_stream.hpp"

namespace postern::delivery {
namespace {

class ConnectionTest : public testing::Test {
 protected:
  static UpstreamSettings settings() {
    UpstreamSettings out;
    out.host = "mail.example.com";
    out.tls = TlsMode::starttls;
    out.username = "user";
    out.password = "secret";
    out.helo = "relay.example.com";
    return out;
  }
  static base::Task<bool> opens(const UpstreamSettings& settings, net::Dialer& dialer, base::Clock& clock,
                                base::Pool& disk) {
    auto connection = co_await Connection::open(settings, dialer, clock, disk);
    if (!connection) co_return false;
    co_await (*connection)->quit();
    co_return true;
  }
  bool opens() {
    dialer.hand_out(script.stream());
    return support::run(loop, opens(wanted, dialer, clock, disk));
  }

  support::ManualClock clock;
  boost::asio::io_context loop;
  support::Script script{loop.get_executor(), clock};
  support::FakeDialer dialer;
  base::Pool disk{"disk", 1};
  const UpstreamSettings wanted = settings();
};

// RFC 3207 section 6. What an attacker appends to the 220 would else be the answer to the EHLO over TLS, and
// could take AUTH off the list, or make one up that is none of the server's.
TEST_F(ConnectionTest, what_came_in_clear_behind_the_220_is_no_answer_over_tls) {
  script.reply("220 mail.example.com ESMTP\r\n")
      .expect("EHLO relay.example.com\r\n")
      .reply("250-mail.example.com\r\n250 STARTTLS\r\n")
      .expect("STARTTLS\r\n")
      .reply("220 go\r\n250-evil.example.com\r\n250 8BITMIME\r\n235 come in\r\n")
      .expect("EHLO relay.example.com\r\n")
      .reply("250-mail.example.com\r\n250 AUTH PLAIN\r\n")
      .expect("AUTH PLAIN AHVzZXIAc2VjcmV0\r\n")
      .reply("235 ok\r\n")
      .expect("QUIT\r\n")
      .reply("221 bye\r\n");
  EXPECT_TRUE(opens());
  EXPECT_TRUE(script.finished());
  EXPECT_EQ(script.tls_host(), "mail.example.com");
}

}  // namespace
}  // namespace postern::delivery
