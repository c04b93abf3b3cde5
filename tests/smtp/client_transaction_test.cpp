#include <gtest/gtest.h>

#include <stdexcept>

#include "postern/smtp/client_protocol.hpp"

namespace postern::smtp {
namespace {

using Protocol = ClientTransactionProtocol;
using Action = Protocol::Action;

const Reply ok(250, {}, "Ok");
const Reply go_on(354, {}, "End data with <CR><LF>.<CR><LF>");
const Reply unknown(553, {}, "<x> address unknown");
const Reply gone(421, {}, "closing");

ClientTransaction to(std::vector<std::string> recipients) {
  ClientTransaction transaction;
  transaction.sender = "a@example.com";
  transaction.recipients = std::move(recipients);
  transaction.size = 1234;
  transaction.eight_bit = true;
  return transaction;
}

ClientCapabilities everything() {
  ClientCapabilities all;
  all.pipelining = all.size = all.eight_bit_mime = true;
  return all;
}

// The actions and what is written, as a script; replies are handed in where they are asked for.
std::string play(Protocol& protocol, std::vector<Reply> replies) {
  std::string script, bytes;
  for (std::size_t used = 0;;) {
    const auto action = protocol.next(bytes);
    if (action == Action::done) return script + "done";
    if (action == Action::send || action == Action::reset) script += bytes;
    if (action == Action::send_body) {
      script += "<body>\r\n";
      protocol.body_sent();
    }
    if (action != Action::read_reply) continue;
    if (used == replies.size()) return script + "waits";
    protocol.reply(replies[used++]);
  }
}

}  // namespace

TEST(ClientTransaction, one_command_at_a_time_for_ses) {
  Protocol protocol(to({"b@example.com", "c@example.com"}), {});
  EXPECT_EQ(play(protocol, {ok, ok, ok, go_on, Reply(250, {}, "Ok 0100-1")}),
            "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"
            "<body>\r\ndone");
  EXPECT_EQ(protocol.result().final.text(), "Ok 0100-1");
  EXPECT_EQ(protocol.result().recipients.size(), 2U);
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, waits_for_each_reply_without_pipelining) {
  Protocol protocol(to({"b@example.com"}), {});
  EXPECT_EQ(play(protocol, {}), "MAIL FROM:<a@example.com>\r\nwaits");
  EXPECT_EQ(play(protocol, {ok}), "RCPT TO:<b@example.com>\r\nwaits");
}

TEST(ClientTransaction, everything_in_one_write_with_pipelining) {
  Protocol protocol(to({"b@example.com", "c@example.com"}), everything());
  std::string bytes;
  EXPECT_EQ(protocol.next(bytes), Action::send);
  EXPECT_EQ(bytes,
            "MAIL FROM:<a@example.com> SIZE=1234 BODY=8BITMIME\r\nRCPT TO:<b@example.com>\r\n"
            "RCPT TO:<c@example.com>\r\nDATA\r\n");
  EXPECT_EQ(play(protocol, {ok, unknown, ok, go_on, ok}), "<body>\r\ndone");
  EXPECT_EQ(protocol.result().recipients[0].code, 553);
  EXPECT_EQ(protocol.result().recipients[1].code, 250);
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, parameters_only_where_offered) {
  auto capabilities = everything();
  capabilities.pipelining = capabilities.size = false;
  Protocol with_body(to({"b@example.com"}), capabilities);
  std::string bytes;
  with_body.next(bytes);
  EXPECT_EQ(bytes, "MAIL FROM:<a@example.com> BODY=8BITMIME\r\n");
  auto seven_bit = to({"b@example.com"});
  seven_bit.eight_bit = false;
  seven_bit.sender.clear();
  Protocol null_sender(seven_bit, capabilities);
  null_sender.next(bytes);
  EXPECT_EQ(bytes, "MAIL FROM:<>\r\n");
}

TEST(ClientTransaction, refused_sender_ends_it_and_needs_no_reset) {
  Protocol protocol(to({"b@example.com"}), {});
  EXPECT_EQ(play(protocol, {Reply(501, {}, "Invalid MAIL FROM address provided")}),
            "MAIL FROM:<a@example.com>\r\ndone");
  EXPECT_EQ(protocol.result().mail.code, 501);
  EXPECT_EQ(protocol.result().recipients[0].code, 0);
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, no_data_when_no_recipient_is_left) {
  Protocol protocol(to({"b@example.com"}), {});
  EXPECT_EQ(play(protocol, {ok, unknown, ok}),
            "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRSET\r\ndone");
  EXPECT_EQ(protocol.result().data.code, 0);
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, pipelined_data_without_recipients_is_aborted) {
  Protocol protocol(to({"b@example.com"}), everything());
  std::string bytes;
  protocol.next(bytes);
  EXPECT_EQ(play(protocol, {ok, unknown, go_on, Reply(554, {}, "no valid recipients")}), ".\r\ndone");
  EXPECT_EQ(protocol.result().final.code, 0) << "the answer to the lone dot is nobody's outcome";
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, pipelined_data_refused_with_the_recipients) {
  Protocol protocol(to({"b@example.com"}), everything());
  std::string bytes;
  protocol.next(bytes);
  EXPECT_EQ(play(protocol, {ok, unknown, Reply(554, {}, "no valid recipients"), ok}), "RSET\r\ndone");
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, pipelined_after_a_refused_sender_all_replies_are_read) {
  Protocol protocol(to({"b@example.com"}), everything());
  std::string bytes;
  protocol.next(bytes);
  const Reply order(503, {}, "Send MAIL first");
  EXPECT_EQ(play(protocol, {Reply(501, {}, "no"), order, order}), "done");
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, recipient_accepted_without_sender_gets_no_body) {
  Protocol protocol(to({"b@example.com"}), everything());
  std::string bytes;
  protocol.next(bytes);
  EXPECT_EQ(play(protocol, {Reply(501, {}, "no"), ok, go_on, ok}), ".\r\ndone");
}

TEST(ClientTransaction, refused_data_is_reset) {
  Protocol protocol(to({"b@example.com"}), {});
  EXPECT_EQ(play(protocol, {ok, ok, Reply(451, {}, "later"), ok}),
            "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nRSET\r\ndone");
  EXPECT_EQ(protocol.result().data.code, 451);
}

TEST(ClientTransaction, refusal_after_the_body_leaves_the_connection_usable) {
  Protocol protocol(to({"b@example.com"}), {});
  play(protocol, {ok, ok, go_on, Reply(454, {}, "Throttling failure: Maximum sending rate exceeded")});
  EXPECT_EQ(protocol.result().final.code, 454);
  EXPECT_TRUE(protocol.connection_usable());
}

TEST(ClientTransaction, another_go_ahead_after_the_body_is_out_of_step) {
  Protocol protocol(to({"b@example.com"}), {});
  play(protocol, {ok, ok, go_on, go_on});
  EXPECT_EQ(protocol.result().final.code, 354);
  EXPECT_FALSE(protocol.connection_usable());
}

TEST(ClientTransaction, service_closing_ends_it_at_every_step) {
  const std::vector<Reply> replies{ok, ok, go_on, ok};
  for (std::size_t good = 0; good < replies.size(); ++good) {
    Protocol protocol(to({"b@example.com"}), {});
    std::vector<Reply> cut(replies.begin(), replies.begin() + static_cast<std::ptrdiff_t>(good));
    cut.push_back(gone);
    const auto script = play(protocol, cut);
    EXPECT_TRUE(script.ends_with("done")) << good;
    EXPECT_EQ(script.find("RSET"), std::string::npos) << good;
    EXPECT_FALSE(protocol.connection_usable()) << good;
  }
}

TEST(ClientTransaction, timeout_notice_of_ses_is_about_the_connection) {
  for (const auto& notice : {Reply(451, "4.4.2", "Timeout waiting for data from client."),
                             Reply(451, {}, "Timeout waiting for data from client")}) {
    Protocol protocol(to({"b@example.com"}), {});
    EXPECT_EQ(play(protocol, {notice}), "MAIL FROM:<a@example.com>\r\ndone");
    EXPECT_FALSE(protocol.connection_usable());
  }
  Protocol other(to({"b@example.com"}), {});
  play(other, {Reply(451, {}, "Temporary service failure")});
  EXPECT_TRUE(other.connection_usable());
}

TEST(ClientTransaction, data_answered_out_of_order_makes_the_connection_unusable) {
  Protocol protocol(to({"b@example.com"}), {});
  EXPECT_TRUE(play(protocol, {ok, ok, ok}).ends_with("DATA\r\ndone"));
  EXPECT_FALSE(protocol.connection_usable());
}

TEST(ClientTransaction, addresses_cannot_carry_commands) {
  EXPECT_THROW(Protocol(to({"b@example.com>\r\nRCPT TO:<c@example.com"}), {}), std::invalid_argument);
  EXPECT_THROW(Protocol(to({"b@example.com> X=<"}), {}), std::invalid_argument);
  EXPECT_THROW(Protocol(to({}), {}), std::invalid_argument);
  EXPECT_NO_THROW(Protocol(to({"\"a>b\"@example.com"}), {}));
}

}  // namespace postern::smtp
