// From the call of SES down to the bytes of the connection: everything but the socket is real.
#include <gtest/gtest.h>

#include "fake_http.hpp"
#include "postern/aws/ses.hpp"
#include "support/fake_dialer.hpp"
#include "support/scripted_stream.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using testing::HasSubstr;
using testing::StartsWith;

class WireTest : public AwsTest {
 protected:
  WireTest() {
    CredentialOptions keys;
    keys.access_key_id = "AKIDEXAMPLE";
    keys.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    provider = make_credential_provider(keys, sources());
    ses = std::move(make_ses({"us-west-2", "http://127.0.0.1:18099", {}}, clock, client, *provider).value());
    dialer.hand_out(script.stream());
  }

  support::FakeDialer dialer;
  support::Script script{loop.get_executor(), clock};
  net::PooledHttpClient client{clock, dialer, {}};
  std::unique_ptr<CredentialProvider> provider;
  std::unique_ptr<Ses> ses;
};

TEST_F(WireTest, two_calls_on_one_connection) {
  clock.set(base::from_rfc3339("2026-11-24T03:04:08Z").value() - clock.wall_now());
  // The signatures are those of captured requests of an SDK with these keys at this second.
  const auto request = [](const std::string& start, const std::string& signature, const std::string& end) {
    return start + " HTTP/1.1\r\nHost: 127.0.0.1:18099\r\nX-Amz-Date: 20261124T030408Z\r\nAuthorization: " +
           "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-west-2/ses/aws4_request, "
           "SignedHeaders=host;x-amz-date, Signature=" +
           signature + "\r\nAccept-Encoding: identity\r\nUser-Agent: postern/" POSTERN_VERSION "\r\n" + end +
           "\r\n";
  };
  script
      .expect(request("GET /v2/email/account",
                      "521688102bc04c7ed97cb0bf406de52ebc943bf42cffd3da83bd682b7f424847", ""))
      .reply_portions(
          "HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 03:04:08 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
          "e\r\n{\"SendQuota\":{\r\n17\r\n\"Max24HourSend\":200.0}}\r\n0\r\n\r\n",
          7)
      .expect(request("DELETE /v2/email/suppression/addresses/A%2Bb%40Example.com",
                      "bc2e6d1cf2777168256a1c99dd743f8fc271eeaffe45c24935b16b64c034570c",
                      "Content-Length: 0\r\n"))
      .reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto account = run(ses->account());
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->max_24_hour_send, 200);
  const auto deleted = run(ses->delete_suppressed("A+b@Example.com"));
  EXPECT_TRUE(deleted) << deleted.error().message;
  EXPECT_TRUE(script.finished());
}

TEST_F(WireTest, an_endless_page_and_a_silent_endpoint_are_errors_of_their_kind) {
  script.reply("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n{");
  const auto page = run(ses->list_suppressed({}));
  EXPECT_EQ(page.error().code, Errc::protocol);
  EXPECT_THAT(page.error().message, HasSubstr("longer than allowed"));
  support::Script silent(loop.get_executor(), clock);
  dialer.hand_out(silent.stream());
  const auto nothing = run(ses->list_suppressed({}));
  EXPECT_EQ(nothing.error().code, Errc::timeout);
  EXPECT_THAT(nothing.error().message, StartsWith("http://127.0.0.1:18099: no answer within"));
  const auto refused = run(ses->list_suppressed({}));
  EXPECT_EQ(refused.error().code, Errc::refused);
}

}  // namespace
}  // namespace postern::aws
