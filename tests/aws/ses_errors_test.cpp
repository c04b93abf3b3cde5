// The calls of SES that fail: what is told of it, and what is mended without the caller.
#include "ses_fixture.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using std::chrono::minutes;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(SesTest, a_missing_permission_names_the_action_and_the_policy) {
  lay_out(account, refusal(403, "AccessDeniedException",
                           "User: arn:aws:iam::1:user/x is not authorized to perform: ses:GetAccount"));
  const auto why = account_error();
  EXPECT_EQ(why.code, Errc::permission);
  EXPECT_THAT(
      why.message,
      AllOf(HasSubstr("AccessDeniedException: User: arn:aws:iam::1:user/x is not"), HasSubstr("environment"),
            HasSubstr(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:GetAccount",)"
                      R"("Resource":"*"}]})")));
  EXPECT_EQ(credentials.refusals, 0);
}

struct Status {
  int status;
  const char* type;
  Errc code;
};

class SesStatus : public SesTest, public testing::WithParamInterface<Status> {};

TEST_P(SesStatus, has_its_kind_of_error) {
  lay_out(account, refusal(GetParam().status, GetParam().type, "the reason"));
  const auto why = account_error();
  EXPECT_EQ(why.code, GetParam().code) << why.message;
  EXPECT_THAT(why.message, HasSubstr(std::to_string(GetParam().status)));
  EXPECT_THAT(http.calls, SizeIs(1)) << "asked again";
}

INSTANTIATE_TEST_SUITE_P(
    All, SesStatus,
    testing::Values(Status{400, "BadRequestException", Errc::invalid},
                    Status{400, "InvalidNextTokenException", Errc::invalid},
                    Status{400, "ThrottlingException", Errc::busy}, Status{401, "", Errc::permission},
                    Status{403, "", Errc::permission}, Status{404, "NotFoundException", Errc::not_found},
                    Status{404, "NotFoundException:http://internal.amazon.com/", Errc::not_found},
                    Status{404, "com.amazonaws.sesv2#NotFoundException", Errc::not_found},
                    Status{404, "UnknownOperationException", Errc::protocol}, Status{404, "", Errc::protocol},
                    Status{409, "ConflictException", Errc::busy},
                    Status{429, "TooManyRequestsException", Errc::busy}, Status{429, "", Errc::busy},
                    Status{500, "InternalServiceError", Errc::unavailable},
                    Status{503, "", Errc::unavailable}, Status{301, "", Errc::protocol},
                    Status{418, "", Errc::invalid}));

TEST_F(SesTest, the_type_may_stand_in_the_body_and_the_message_in_capitals) {
  lay_out(
      account,
      http_answer(429, R"({"__type":"com.amazonaws.sesv2#TooManyRequestsException","Message":"slowly"})"));
  const auto why = account_error();
  EXPECT_EQ(why.code, Errc::busy);
  EXPECT_THAT(why.message, HasSubstr("TooManyRequestsException: slowly"));
}

TEST_F(SesTest, what_keeps_it_from_being_reached_keeps_its_name) {
  const std::map<Errc, Errc> kinds{{Errc::timeout, Errc::timeout},         {Errc::tls, Errc::tls},
                                   {Errc::refused, Errc::refused},         {Errc::protocol, Errc::protocol},
                                   {Errc::unreachable, Errc::unavailable}, {Errc::closed, Errc::unavailable},
                                   {Errc::io, Errc::unavailable},          {Errc::full, Errc::protocol},
                                   {Errc::cancelled, Errc::cancelled}};
  for (const auto& [from, to] : kinds) {
    http.forget();
    lay_out(account, base::fail(from, "https://x: why"));
    const auto why = account_error();
    EXPECT_EQ(why.code, to);
    EXPECT_THAT(why.message, HasSubstr("https://x: why"));
  }
}

TEST_F(SesTest, expired_credentials_are_replaced_once) {
  credentials.add("FRESH");
  lay_out(account,
          refusal(403, "ExpiredTokenException", "The security token included in the request is expired"));
  lay_out(account, http_answer(200, good_account));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(credentials.refusals, 1);
  EXPECT_THAT(header_of(http.calls.back(), "Authorization"), HasSubstr("Credential=FRESH/"));
}

TEST_F(SesTest, credentials_that_stay_refused_are_an_error_that_names_their_source) {
  lay_out(account, refusal(403, "UnrecognizedClientException",
                           "The security token included in the request is invalid."));
  auto why = account_error();
  EXPECT_EQ(why.code, Errc::permission);
  EXPECT_THAT(why.message, AllOf(HasSubstr("UnrecognizedClientException"), HasSubstr("environment"),
                                 Not(HasSubstr("policy"))));
  EXPECT_THAT(http.calls, SizeIs(1)) << "the same keys are not tried again";
  credentials.add("FRESH");
  why = account_error();
  EXPECT_THAT(http.calls, SizeIs(3));
  EXPECT_EQ(why.code, Errc::permission);
}

TEST_F(SesTest, no_secret_comes_back_in_a_message) {
  credentials.next.clear();
  credentials.add("ASIAEXAMPLE", "topsecrettoken");
  lay_out(account, refusal(403, "SignatureDoesNotMatch",
                           std::string("The signature is wrong: ") + secret +
                               " topsecrettoken\n\nThe Canonical String "
                               "should have been\n'GET\n/\n\nx-amz-security-token:topsecrettoken"));
  const auto why = account_error();
  EXPECT_THAT(why.message, AllOf(HasSubstr("The signature is wrong: *** ***"), Not(HasSubstr("topsecret")),
                                 Not(HasSubstr(secret)), Not(HasSubstr("Canonical"))));
}

TEST_F(SesTest, no_credentials_is_an_error_before_anything_is_sent) {
  credentials.next.clear();
  EXPECT_EQ(account_error().code, Errc::not_found);
  EXPECT_THAT(http.calls, IsEmpty());
}

// The manual clock stands at 10:00:00.
std::map<std::string, std::string> dated(const char* time) {
  return {{"date", std::string("Tue, 24 Nov 2026 ") + time + " GMT"}};
}

TEST_F(SesTest, a_wrong_clock_is_corrected_by_the_answer_and_named) {
  lay_out(account, refusal(403, "InvalidSignatureException", "Signature expired", dated("10:20:00")));
  lay_out(account, http_answer(200, good_account, dated("10:20:01")));
  EXPECT_EQ(ses().clock_skew(), base::Duration(0));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(header_of(http.calls.at(0), "X-Amz-Date"), "20261124T100000Z");
  EXPECT_EQ(header_of(http.calls.at(1), "X-Amz-Date"), "20261124T102000Z");
  EXPECT_EQ(ses().clock_skew(), minutes(20) + std::chrono::seconds(1));
  EXPECT_EQ(credentials.refusals, 0);
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(header_of(http.calls.at(2), "X-Amz-Date"), "20261124T102001Z");
}

TEST_F(SesTest, a_clock_that_is_ahead_is_corrected_too) {
  lay_out(account, refusal(403, "RequestTimeTooSkewed", "too skewed", dated("09:00:00")));
  lay_out(account, http_answer(200, good_account, dated("09:00:00")));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(header_of(http.calls.back(), "X-Amz-Date"), "20261124T090000Z");
  EXPECT_EQ(ses().clock_skew(), -minutes(60));
}

TEST_F(SesTest, a_clock_within_four_minutes_is_named_but_left_alone) {
  lay_out(account, http_answer(200, good_account, dated("10:04:00")));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(header_of(http.calls.at(1), "X-Amz-Date"), "20261124T100000Z");
  EXPECT_EQ(ses().clock_skew(), minutes(4));
  http.forget();
  lay_out(account, http_answer(200, good_account, dated("10:00:01")));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_EQ(ses().clock_skew(), base::Duration(0));
}

TEST_F(SesTest, the_clock_is_corrected_once_a_call) {
  for (const char* time : {"10:20:00", "11:00:00", "12:00:00", "13:00:00"})
    lay_out(account, refusal(403, "InvalidSignatureException", "Signature expired", dated(time)));
  EXPECT_EQ(account_error().code, Errc::permission);
  EXPECT_THAT(http.calls, SizeIs(2));
}

TEST_F(SesTest, a_wrong_clock_and_expired_credentials_are_mended_together) {
  credentials.add("FRESH");
  lay_out(account, refusal(403, "InvalidSignatureException", "Signature expired", dated("10:20:00")));
  lay_out(account, refusal(403, "ExpiredToken", "expired", dated("10:20:00")));
  lay_out(account, http_answer(200, good_account, dated("10:20:00")));
  EXPECT_TRUE(run(ses().account()));
  EXPECT_THAT(http.calls, SizeIs(3));
}

}  // namespace
}  // namespace postern::aws
