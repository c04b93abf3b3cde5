#include "net/tls_sessions.hpp"

#include "loopback.hpp"
#include "net/tls_context.hpp"
#include "support/test_ca.hpp"

namespace postern::net {
namespace {

class TlsSessionsTest : public LoopbackTest {
 protected:
  using ContextPtr = std::shared_ptr<TlsContext>;

  ContextPtr new_client() { return TlsContext::client(ca.file()).value(); }
  static OpensslContext& impl(const ContextPtr& context) { return dynamic_cast<OpensslContext&>(*context); }
  static SSL_CTX* raw(const ContextPtr& context) { return impl(context).context.native_handle(); }
  // Handshakes of the client so far that took up an old session.
  static long resumed(const ContextPtr& context) { return SSL_CTX_sess_hits(raw(context)); }

  // A whole connection, from handshake to goodbye. The tickets come with what the server says.
  bool converse(const ContextPtr& from, const std::string& host = "mail.example.com") {
    auto ends = connect();
    auto there = start(ends.server->start_tls_server(server));
    auto here = start(ends.client->start_tls_client(from, host));
    run_until([&] { return here->has_value(); });
    if (!**here) ends.client->abort();
    run_until([&] { return there->has_value(); });
    if (!**here || !**there) return false;
    if (!run(write_text(*ends.server, "220 hello\r\n"))) return false;
    const auto heard = run(read_text(*ends.client));
    auto one = start(close(*ends.client));
    auto other = start(close(*ends.server));
    return run_until([&] { return one->has_value() && other->has_value(); }) && heard.has_value();
  }
  static base::Task<int> close(Stream& stream) {
    co_await stream.close();
    co_return 0;
  }

  support::TestCa ca{directory};
  support::TestCa::Files files = ca.issue("DNS:*.example.com,DNS:mail.example.net");
  ContextPtr server = TlsContext::server(files.certificate, files.key).value();
  ContextPtr client = new_client();
};

TEST_F(TlsSessionsTest, a_second_connection_resumes_the_session_of_the_first) {
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    SSL_CTX_set_max_proto_version(raw(server), version);
    client = new_client();
    ASSERT_TRUE(converse(client));
    EXPECT_EQ(resumed(client), 0);
    for (int again = 1; again <= 5; ++again) {
      ASSERT_TRUE(converse(client));
      EXPECT_EQ(resumed(client), again) << version;
    }
  }
}

TEST_F(TlsSessionsTest, a_ticket_of_tls_1_3_is_used_once) {
  SSL_CTX_set_num_tickets(raw(server), 1);
  ASSERT_TRUE(converse(client));
  SSL_CTX_set_num_tickets(raw(server), 0);
  ASSERT_TRUE(converse(client));
  EXPECT_EQ(resumed(client), 1);
  ASSERT_TRUE(converse(client));
  EXPECT_EQ(resumed(client), 1);
}

TEST_F(TlsSessionsTest, a_session_is_for_the_name_that_was_verified) {
  ASSERT_TRUE(converse(client, "mail.example.com"));
  ASSERT_TRUE(converse(client, "mail.example.net"));
  EXPECT_EQ(resumed(client), 0);
  EXPECT_FALSE(converse(client, "mail.example.org")) << "the certificate does not name it";
}

TEST_F(TlsSessionsTest, another_context_begins_anew) {
  ASSERT_TRUE(converse(client));
  const auto other = new_client();
  ASSERT_TRUE(converse(other));
  EXPECT_EQ(resumed(other), 0);
}

TEST_F(TlsSessionsTest, a_server_that_has_forgotten_gets_a_full_handshake) {
  ASSERT_TRUE(converse(client));
  server = TlsContext::server(files.certificate, files.key).value();  // with a ticket key of its own
  EXPECT_TRUE(converse(client));
  EXPECT_EQ(resumed(client), 0);
  EXPECT_TRUE(converse(client));
  EXPECT_EQ(resumed(client), 1);
}

TEST_F(TlsSessionsTest, the_sessions_of_a_handshake_that_failed_are_given_up) {
  ASSERT_TRUE(converse(client));
  ASSERT_GT(impl(client).sessions.size(), 0U);
  const support::TestCa stranger(directory, "Stranger");
  const auto theirs = stranger.issue("DNS:mail.example.com");
  server = TlsContext::server(theirs.certificate, theirs.key).value();
  EXPECT_FALSE(converse(client));
  EXPECT_EQ(impl(client).sessions.size(), 0U);
}

TEST_F(TlsSessionsTest, are_bounded_by_host_and_in_all) {
  SSL_CTX_set_num_tickets(raw(server), 20);
  ASSERT_TRUE(converse(client));
  EXPECT_EQ(impl(client).sessions.size(), TlsSessions::most_of_a_host);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(converse(client, "m" + std::to_string(i) + ".example.com"));
  EXPECT_EQ(impl(client).sessions.size(), TlsSessions::most);
  const auto before = resumed(client);
  ASSERT_TRUE(converse(client, "m9.example.com"));
  EXPECT_EQ(resumed(client), before + 1);
  ASSERT_TRUE(converse(client, "mail.example.com"));
  EXPECT_EQ(resumed(client), before + 1) << "the oldest have gone";
}

}  // namespace
}  // namespace postern::net
