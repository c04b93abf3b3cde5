#include "intake/replies.hpp"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

using policy::Verdict;

constexpr Verdict::Reason all_reasons[] = {Verdict::Reason::none,
                                           Verdict::Reason::client_not_allowed,
                                           Verdict::Reason::sender_not_allowed,
                                           Verdict::Reason::sender_invalid,
                                           Verdict::Reason::null_sender,
                                           Verdict::Reason::recipient_not_allowed,
                                           Verdict::Reason::suppressed,
                                           Verdict::Reason::suppression_unavailable,
                                           Verdict::Reason::spf_fail,
                                           Verdict::Reason::spf_permerror,
                                           Verdict::Reason::dmarc_fail,
                                           Verdict::Reason::alignment_unknown};

TEST(Replies, a_verdict_that_rejects_or_defers_never_becomes_a_positive_reply) {
  for (const auto reason : all_reasons) {
    if (reason == Verdict::Reason::none) continue;
    Verdict verdict{Verdict::Kind::reject, reason, "a@b", "detail"};
    EXPECT_FALSE(replies::for_sender(verdict).positive());
    EXPECT_FALSE(replies::for_recipient(verdict).positive());
    EXPECT_FALSE(replies::for_client(verdict).positive());
  }
}

TEST(Replies, every_reply_has_an_enhanced_code_of_its_class) {
  std::vector<smtp::Reply> all = {
      replies::queued("X"),    replies::all_dropped(),          replies::disk_full(),
      replies::too_fast(),     replies::too_many_connections(), replies::shutting_down(),
      replies::idle_too_long()};
  for (const auto reason : all_reasons) {
    for (const auto kind : {Verdict::Kind::reject, Verdict::Kind::defer}) {
      Verdict verdict{kind, reason, "a@b", ""};
      all.push_back(replies::for_sender(verdict));
      all.push_back(replies::for_recipient(verdict));
    }
  }
  for (const auto problem : {BodyProblem::too_large, BodyProblem::header_too_large, BodyProblem::nul,
                             BodyProblem::bare_newline, BodyProblem::disk_full, BodyProblem::disk_failed}) {
    all.push_back(replies::for_body_problem(problem));
    EXPECT_FALSE(all.back().positive());
  }
  for (const auto why :
       {mail::Refusal::malformed_header, mail::Refusal::too_many_hops, mail::Refusal::no_from}) {
    all.push_back(replies::for_refused_header({why, ""}));
    EXPECT_TRUE(all.back().permanent());
  }
  for (const auto& reply : all) {
    ASSERT_FALSE(reply.enhanced.empty()) << reply.to_string();
    EXPECT_EQ(reply.enhanced[0] - '0', reply.code / 100) << reply.to_string();
  }
}

TEST(Replies, of_alignment_have_the_codes_of_the_contract) {
  const auto code = [](Verdict::Reason reason) {
    return replies::for_sender({Verdict::Kind::reject, reason, "", "why"}).to_string();
  };
  EXPECT_EQ(code(Verdict::Reason::spf_fail), "550 5.7.23 why");
  EXPECT_EQ(code(Verdict::Reason::spf_permerror), "550 5.7.24 why");
  EXPECT_EQ(code(Verdict::Reason::dmarc_fail), "550 5.7.1 why");
  EXPECT_EQ(code(Verdict::Reason::alignment_unknown), "451 4.7.24 why");
}

TEST(Replies, say_what_the_contract_says) {
  EXPECT_EQ(replies::queued("ID").to_string(), "250 2.0.0 Ok: queued as ID");
  EXPECT_EQ(replies::for_refused_header({mail::Refusal::too_many_hops, ""}).code, 554);
  EXPECT_EQ(replies::for_refused_header({mail::Refusal::too_many_hops, ""}).enhanced, "5.4.6");
  EXPECT_EQ(replies::disk_full().code, 452);
  const Verdict suppressed{Verdict::Kind::reject, Verdict::Reason::suppressed, "a@b",
                           "<a@b> suppressed: BOUNCE since 2026-09-20 (SES account list)"};
  EXPECT_EQ(replies::for_recipient(suppressed).to_string(),
            "550 5.1.1 <a@b> suppressed: BOUNCE since 2026-09-20 (SES account list)");
  const Verdict dropped{Verdict::Kind::drop, Verdict::Reason::suppressed, "a@b", "x"};
  EXPECT_EQ(replies::for_recipient(dropped).code, 250);
  EXPECT_EQ(replies::for_recipient(dropped).enhanced, "2.1.5");
  const Verdict null{Verdict::Kind::reject, Verdict::Reason::null_sender, "", ""};
  EXPECT_EQ(replies::for_sender(null).code, 550);
  EXPECT_EQ(replies::for_sender(null).enhanced, "5.7.1");
}

TEST(Replies, a_failed_store_is_temporary_and_tells_nothing_of_the_inside) {
  const auto reply =
      replies::for_store_error(base::fail(base::Errc::io, "/var/lib/postern/spool.db: disk I/O error"));
  EXPECT_EQ(reply.code / 100, 4);
  EXPECT_EQ(reply.text().find("spool.db"), std::string::npos);
  EXPECT_EQ(replies::for_store_error(base::fail(base::Errc::full, "")).code, 452);
}

}  // namespace
}  // namespace postern::intake
