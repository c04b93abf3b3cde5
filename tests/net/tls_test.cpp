#include "postern/net/tls.hpp"

#include <openssl/ssl.h>

#include <fstream>

#include "loopback.hpp"
#include "net/tls_context.hpp"
#include "support/test_ca.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

class TlsTest : public LoopbackTest {
 protected:
  using ContextPtr = std::shared_ptr<TlsContext>;

  ContextPtr server_for(const std::string& subject_names) {
    const auto files = ca.issue(subject_names);
    return TlsContext::server(files.certificate, files.key).value();
  }
  ContextPtr trusting_client() { return TlsContext::client(ca.file()).value(); }

  // Both sides of a handshake; the client's result.
  base::Result<void> handshake(ContextPtr client, ContextPtr server, std::string host) {
    auto there = start(ends.server->start_tls_server(std::move(server)));
    auto here = start(ends.client->start_tls_client(std::move(client), std::move(host)));
    EXPECT_TRUE(run_until([&] { return here->has_value(); }));
    if (!**here) ends.client->abort();  // as the code that connects does
    EXPECT_TRUE(run_until([&] { return there->has_value(); }));
    server_result = **there;
    return **here;
  }
  base::Result<void> secure() {
    return handshake(trusting_client(), server_for("DNS:mail.example.com"), "mail.example.com");
  }
  static SSL_CTX* raw(const ContextPtr& context) {
    return dynamic_cast<OpensslContext&>(*context).context.native_handle();
  }
  static base::Task<int> close(Stream& stream) {
    co_await stream.close();
    co_return 0;
  }
  std::string write_file(const std::string& name, const std::string& text) {
    std::ofstream(directory.file(name)) << text;
    return directory.file(name);
  }

  support::TestCa ca{directory};
  Ends ends = connect();
  base::Result<void> server_result;
};

TEST_F(TlsTest, a_good_chain_and_name_are_accepted) {
  ASSERT_TRUE(secure());
  EXPECT_TRUE(server_result);
  ASSERT_TRUE(run(write_text(*ends.client, "EHLO a\r\n")));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "EHLO a\r\n");
  ASSERT_TRUE(run(write_text(*ends.server, "250 b\r\n")));
  EXPECT_EQ(run(read_text(*ends.client)).value(), "250 b\r\n");
  EXPECT_TRUE(ends.client->encrypted());
  EXPECT_THAT(ends.client->tls_description(), StartsWith("TLSv1.3 TLS_"));
}

TEST_F(TlsTest, starttls_upgrades_a_connection_that_has_talked_in_clear) {
  ASSERT_TRUE(run(write_text(*ends.client, "STARTTLS\r\n")));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "STARTTLS\r\n");
  ASSERT_TRUE(run(write_text(*ends.server, "220 go\r\n")));
  EXPECT_EQ(run(read_text(*ends.client)).value(), "220 go\r\n");
  EXPECT_FALSE(ends.client->encrypted());
  ASSERT_TRUE(secure());
  ASSERT_TRUE(run(write_text(*ends.client, "EHLO a\r\n")));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "EHLO a\r\n");
}

TEST_F(TlsTest, a_certificate_for_another_name_is_refused_and_the_name_told) {
  const auto result = handshake(trusting_client(), server_for("DNS:other.example.com"), "mail.example.com");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::tls);
  EXPECT_THAT(result.error().message, HasSubstr("mail.example.com"));
  EXPECT_THAT(result.error().message, HasSubstr("hostname mismatch"));
}

TEST_F(TlsTest, a_wildcard_stands_for_a_whole_label_only) {
  EXPECT_TRUE(handshake(trusting_client(), server_for("DNS:*.example.com"), "mail.example.com"));
  ends = connect();
  EXPECT_FALSE(handshake(trusting_client(), server_for("DNS:m*.example.com"), "mail.example.com"));
}

TEST_F(TlsTest, an_authority_that_is_not_trusted_is_refused) {
  const support::TestCa stranger(directory, "Stranger");
  const auto client = TlsContext::client(stranger.file()).value();
  const auto result = handshake(client, server_for("DNS:mail.example.com"), "mail.example.com");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::tls);
  EXPECT_THAT(result.error().message, HasSubstr("unable to get local issuer certificate"));
  EXPECT_FALSE(
      handshake(TlsContext::client("").value(), server_for("DNS:mail.example.com"), "mail.example.com"));
}

TEST_F(TlsTest, an_address_literal_is_verified_as_an_address) {
  EXPECT_TRUE(handshake(trusting_client(), server_for("IP:127.0.0.1"), "127.0.0.1"));
  ends = connect();
  EXPECT_FALSE(handshake(trusting_client(), server_for("DNS:mail.example.com"), "127.0.0.1"));
  ends = connect();
  EXPECT_FALSE(handshake(trusting_client(), server_for("IP:127.0.0.2"), "127.0.0.1"));
}

TEST_F(TlsTest, a_bracketed_literal_is_verified_too) {
  EXPECT_FALSE(handshake(trusting_client(), server_for("DNS:mail.example.com"), "[::1]"));
  ends = connect();
  EXPECT_TRUE(handshake(trusting_client(), server_for("IP:::1"), "[::1]"));
}

TEST_F(TlsTest, versions_before_1_2_are_refused_by_both_sides) {
  for (const bool old_server : {true, false}) {
    ends = connect();
    const auto server = server_for("DNS:mail.example.com");
    const auto client = trusting_client();
    // Without the security level, which forbids them as well, only our minimum is left.
    for (const auto& context : {server, client}) SSL_CTX_set_security_level(raw(context), 0);
    SSL_CTX_set_min_proto_version(raw(old_server ? server : client), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(raw(old_server ? server : client), TLS1_1_VERSION);
    const auto result = handshake(client, server, "mail.example.com");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::tls);
  }
}

TEST_F(TlsTest, a_peer_that_talks_no_tls_is_a_tls_failure) {
  auto here = start(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  ASSERT_TRUE(run(write_text(*ends.server, "220 mail.example.com ESMTP\r\n")));
  ASSERT_TRUE(run_until([&] { return here->has_value(); }));
  ASSERT_FALSE(**here);
  EXPECT_EQ((*here)->error().code, Errc::tls);
}

TEST_F(TlsTest, a_handshake_with_a_silent_peer_ends_at_the_deadline) {
  ends.client->set_deadline(in(seconds(30)));
  auto here = start(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  advance(milliseconds(29999));
  EXPECT_FALSE(*here);
  advance(milliseconds(1));
  ASSERT_TRUE(*here);
  EXPECT_EQ((*here)->error().code, Errc::timeout);
}

TEST_F(TlsTest, a_large_write_arrives_whole) {
  ASSERT_TRUE(secure());
  const std::string large(4 * 1024 * 1024, 'x');
  auto written = start(write_text(*ends.client, large));
  auto read = start(read_to_end(*ends.server));
  ASSERT_TRUE(run_until([&] { return written->has_value(); }));
  auto closed = start(close(*ends.client));
  ASSERT_TRUE(run_until([&] { return read->has_value(); }));
  EXPECT_EQ((*read)->value().size(), large.size());
}

TEST_F(TlsTest, a_read_ends_at_its_deadline_and_the_stream_with_it) {
  ASSERT_TRUE(secure());
  ends.server->set_deadline(in(seconds(10)));
  auto text = start(read_text(*ends.server));
  advance(milliseconds(9999));
  EXPECT_FALSE(*text);
  advance(milliseconds(1));
  ASSERT_TRUE(*text);
  EXPECT_EQ((*text)->error().code, Errc::timeout);
  ends.server->set_deadline(in(seconds(10)));
  EXPECT_EQ(run(write_text(*ends.server, "421 bye\r\n")).error().code, Errc::closed);
  EXPECT_EQ(run(close(*ends.server)), 0);
}

TEST_F(TlsTest, past_its_deadline_nothing_works_even_if_it_could) {
  ASSERT_TRUE(secure());
  ASSERT_TRUE(run(write_text(*ends.client, "drip")));
  ends.server->set_deadline(clock.steady_now());
  EXPECT_EQ(run(read_text(*ends.server)).error().code, Errc::timeout);
}

TEST_F(TlsTest, close_says_goodbye_within_a_second) {
  ASSERT_TRUE(secure());
  auto closed = start(close(*ends.server));
  EXPECT_FALSE(*closed) << "the client has not answered yet";
  EXPECT_EQ(run(read_text(*ends.client)).error().code, Errc::closed);
  advance(seconds(1));
  EXPECT_TRUE(run_until([&] { return closed->has_value(); }));
}

TEST_F(TlsTest, a_reply_that_nobody_asked_for_makes_an_idle_connection_unfit) {
  ASSERT_TRUE(secure());
  ASSERT_TRUE(run(write_text(*ends.server, "250 ok\r\n")));
  EXPECT_EQ(run(read_text(*ends.client)).value(), "250 ok\r\n");
  EXPECT_TRUE(ends.client->quiet());
  // Two records that come at once: reading the first brings the second into the buffers of TLS.
  ASSERT_TRUE(run(write_text(*ends.server, "250 ok\r\n")));
  ASSERT_TRUE(run(write_text(*ends.server, "421 idle\r\n")));
  EXPECT_EQ(run(read_text(*ends.client)).value(), "250 ok\r\n");
  EXPECT_FALSE(ends.client->quiet());
}

TEST_F(TlsTest, files_that_cannot_be_used_are_named) {
  const auto good = ca.issue("DNS:mail.example.com");
  const auto other = ca.issue("DNS:mail.example.com");
  const auto garbage = write_file("garbage.pem", "no certificate");
  const auto missing = directory.file("missing.pem");
  EXPECT_THAT(TlsContext::client(garbage).error().message, HasSubstr(garbage));
  EXPECT_THAT(TlsContext::client(missing).error().message, HasSubstr(missing));
  EXPECT_THAT(TlsContext::server(missing, good.key).error().message, HasSubstr(missing));
  EXPECT_THAT(TlsContext::server(good.certificate, garbage).error().message, HasSubstr(garbage));
  const auto unfit = TlsContext::server(good.certificate, other.key);
  ASSERT_FALSE(unfit);
  EXPECT_THAT(unfit.error().message, HasSubstr(other.key));
  EXPECT_THAT(unfit.error().message, HasSubstr("key values mismatch"));
}

}  // namespace
}  // namespace postern::net
