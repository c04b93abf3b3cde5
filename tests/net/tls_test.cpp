#include "postern/net/tls.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <fstream>

#include "loopback.hpp"
#include "net/tls_context.hpp"
#include "postern/base/suspend.hpp"
#include "support/test_ca.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

using Pem = std::unique_ptr<FILE, decltype(&std::fclose)>;

void encrypt_key(const std::string& from, const std::string& to) {
  const Pem in(std::fopen(from.c_str(), "r"), &std::fclose);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const Pem out(std::fopen(to.c_str(), "w"), &std::fclose);
  char passphrase[] = "secret";
  ASSERT_EQ(
      PEM_write_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), nullptr, 0, nullptr, passphrase), 1);
}

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
  // Waits for something that cannot be cancelled, and then for `task`.
  base::Task<void> busy(base::Task<base::Result<void>> task, base::Result<void>& result) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto keep = [this](std::function<void()> resume) { go_on = std::move(resume); };
    co_await base::suspend(keep);
    result = co_await std::move(task);
  }
  // A task that is cancelled before it gets to the stream; the result comes when it ends.
  void cancel_while_busy(base::Task<base::Result<void>> task, base::Result<void>& result) {
    tasks.spawn("busy", busy(std::move(task), result));
    advance(base::Duration(0));
    cancel_tasks();
    ASSERT_EQ(tasks.size(), 1U);
    go_on();
  }
  static base::Task<base::Result<void>> read_and_say_goodbye(Stream& stream) {
    auto got = co_await read_text(stream);
    auto written = co_await write_text(stream, "421 bye\r\n");
    if (!written) co_return written;
    if (!got) co_return got.error();
    co_return base::Result<void>();
  }
  std::string write_file(const std::string& name, const std::string& text) {
    std::ofstream(directory.file(name)) << text;
    return directory.file(name);
  }

  std::function<void()> go_on;
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

TEST_F(TlsTest, a_session_cancelled_while_it_is_busy_can_say_goodbye) {
  ASSERT_TRUE(secure());
  base::Result<void> result;
  cancel_while_busy(read_and_say_goodbye(*ends.server), result);
  ASSERT_TRUE(run_until([&] { return tasks.size() == 0; }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_EQ(run(read_text(*ends.client)).value(), "421 bye\r\n");
}

TEST_F(TlsTest, a_cancelled_session_waits_a_second_for_a_client_that_does_not_read) {
  ASSERT_TRUE(secure());
  ends.server->set_deadline(in(seconds(300)));
  base::Result<void> result;
  cancel_while_busy(write_text(*ends.server, std::string(32 * 1024 * 1024, 'x')), result);
  advance(milliseconds(999));
  EXPECT_EQ(tasks.size(), 1U);
  advance(milliseconds(1));
  EXPECT_TRUE(run_until([&] { return tasks.size() == 0; }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
}

TEST_F(TlsTest, a_session_cancelled_before_its_handshake_does_not_wait_for_it) {
  base::Result<void> result;
  cancel_while_busy(ends.server->start_tls_server(server_for("DNS:mail.example.com")), result);
  ASSERT_TRUE(run_until([&] { return tasks.size() == 0; }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_EQ(run(write_text(*ends.server, "in clear")).error().code, Errc::closed);
}

TEST_F(TlsTest, abort_ends_a_handshake_as_closed) {
  auto here = start(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  EXPECT_FALSE(*here);
  ends.client->abort();
  ASSERT_TRUE(run_until([&] { return here->has_value(); }));
  ASSERT_FALSE(**here);
  EXPECT_EQ((*here)->error().code, Errc::closed);
}

TEST_F(TlsTest, a_peer_that_goes_during_the_handshake_is_a_tls_failure) {
  auto here = start(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  ends.server->abort();
  ASSERT_TRUE(run_until([&] { return here->has_value(); }));
  ASSERT_FALSE(**here);
  EXPECT_EQ((*here)->error().code, Errc::tls);
}

TEST_F(TlsTest, what_was_sent_in_clear_behind_starttls_spoils_the_handshake) {
  ASSERT_TRUE(run(write_text(*ends.client, "RSET\r\n")));
  auto there = start(ends.server->start_tls_server(server_for("DNS:mail.example.com")));
  auto here = start(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  ASSERT_TRUE(run_until([&] { return there->has_value(); }));
  ASSERT_FALSE(**there);
  EXPECT_EQ((*there)->error().code, Errc::tls);
  ends.server->abort();
  ASSERT_TRUE(run_until([&] { return here->has_value(); }));
  EXPECT_FALSE(**here);
}

TEST_F(TlsTest, after_a_handshake_that_failed_nothing_is_sent_and_nothing_counts_as_encrypted) {
  EXPECT_FALSE(handshake(trusting_client(), server_for("DNS:other.example.com"), "mail.example.com"));
  EXPECT_FALSE(ends.client->encrypted());
  EXPECT_EQ(ends.client->tls_description(), "");
  ends = connect();
  const auto nameless = run(ends.client->start_tls_client(trusting_client(), ""));
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().code, Errc::tls);
  EXPECT_FALSE(ends.client->encrypted());
  EXPECT_EQ(run(write_text(*ends.client, "AUTH PLAIN")).error().code, Errc::closed);
  ends.client.reset();
  EXPECT_EQ(run(read_to_end(*ends.server)).value(), "");
}

TEST_F(TlsTest, tls_within_tls_is_refused_and_the_session_goes_on) {
  ASSERT_TRUE(secure());
  const auto again = run(ends.client->start_tls_client(trusting_client(), "mail.example.com"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::protocol);
  ASSERT_TRUE(run(write_text(*ends.client, "NOOP\r\n")));
  EXPECT_EQ(run(read_text(*ends.server)).value(), "NOOP\r\n");
}

TEST_F(TlsTest, close_does_not_cut_off_a_client_that_still_sends) {
  ASSERT_TRUE(secure());
  ASSERT_TRUE(run(write_text(*ends.client, std::string(100000, 'x'))));
  ASSERT_TRUE(run(write_text(*ends.server, "421 bye\r\n")));
  auto closed = start(close(*ends.server));
  EXPECT_FALSE(run_until([&] { return closed->has_value(); }, milliseconds(100)))
      << "it waits for the client";
  EXPECT_EQ(run(read_to_end(*ends.client)).value(), "421 bye\r\n");
  ends.client.reset();
  EXPECT_TRUE(run_until([&] { return closed->has_value(); }));
}

TEST_F(TlsTest, an_encrypted_key_is_an_error_that_names_the_remedy) {
  const auto files = ca.issue("DNS:mail.example.com");
  const auto locked = directory.file("locked.key");
  encrypt_key(files.key, locked);
  const auto context = TlsContext::server(files.certificate, locked);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code, Errc::tls);
  EXPECT_THAT(context.error().message, StartsWith(locked + ": the key is encrypted with a passphrase"));
  EXPECT_THAT(context.error().message, HasSubstr("openssl pkey -in " + locked));
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
