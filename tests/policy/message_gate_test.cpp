// Zone text in, verdict out: what alignment.hpp finds is tested there, here what becomes of it.
#include "postern/policy/message_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "support/fake_resolver.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

class OneKey final : public dkim::Signer {
 public:
  const dkim::KeySpec* key_for(std::string_view from_domain) const override {
    return from_domain == "signed.example" ? &key_ : nullptr;
  }
  base::Result<std::string> sign(std::string_view, std::string_view, const dkim::BodySource&,
                                 base::WallTime) const override {
    return base::fail(base::Errc::invalid, "nothing is signed here");
  }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  dkim::KeySpec key_{"Signed.Example", "s1", "", true};
  std::vector<std::string> warnings_;
};

class MessageGateTest : public testing::Test {
 protected:
  MessageGateTest() {
    zone.txt("amazonses.com", "v=spf1 ip4:192.0.2.0/24 -all");
    zone.txt("good.example", "v=spf1 include:amazonses.com ~all");
    zone.txt("signed.example", "v=spf1 include:amazonses.com ~all");
    zone.txt("bad.example", "v=spf1 ip4:203.0.113.7 -all");
    zone.txt("broken.example", "v=spf1 ip4:nonsense -all");
    for (const std::string domain : {"good.example", "signed.example", "bad.example", "broken.example"})
      zone.txt("_dmarc." + domain, "v=DMARC1; p=reject");
    policy.signer = std::make_shared<OneKey>();
    act(AlignmentAction::report, AlignmentAction::report);
  }
  ~MessageGateTest() override {
    gate.stop();
    alignment.stop();
    loop.restart();
    loop.poll();
  }
  void act(AlignmentAction spf, AlignmentAction dmarc) {
    auto settings = std::make_shared<AlignmentSettings>();
    settings->spf = spf;
    settings->dmarc = dmarc;
    policy.alignment = settings;
  }
  MessageVerdict check(const std::string& sender, const std::vector<std::string>& from) {
    auto settings = std::make_shared<const Settings>(policy);
    return support::run(loop, gate.check(settings, MessageFacts("ID", sender, from)));
  }
  MessageVerdict check(const std::string& domain) { return check("app@" + domain, {"app@" + domain}); }
  void settle() { support::advance(loop, clock, 0s); }
  std::string logged() const {
    std::string all;
    for (const auto& line : lines) all += line;
    return all;
  }

  boost::asio::io_context loop;
  support::ManualClock clock;
  support::FakeResolver zone;
  std::vector<std::string> lines;
  base::Log log{clock, [this](std::string_view line) { lines.emplace_back(line); }};
  base::Metrics metrics;
  std::vector<AlignmentNote> booked;
  Alignment alignment{zone, PublicSuffixes::builtin(), clock, loop.get_executor()};
  MessageGate gate{alignment, loop.get_executor(),
                   clock,     log,
                   metrics,   [this](AlignmentNote note) { booked.push_back(std::move(note)); }};
  Settings policy;
};

TEST_F(MessageGateTest, report_changes_no_reply_and_does_not_wait_for_the_dns) {
  for (const std::string name : {"bad.example", "_dmarc.bad.example"}) zone.slow(name, clock, 500ms);
  const auto verdict = check("bad.example");
  EXPECT_EQ(verdict.verdict.kind, Verdict::Kind::keep);
  EXPECT_FALSE(verdict.found);
  EXPECT_THAT(booked, IsEmpty());
  support::advance(loop, clock, 3s);
  ASSERT_EQ(booked.size(), 1u);
  EXPECT_EQ(booked[0].id, "ID");
  EXPECT_EQ(booked[0].spf, "fail");
  EXPECT_EQ(booked[0].dmarc, "fail");
  EXPECT_THAT(logged(), HasSubstr("event=alignment"));
}

TEST_F(MessageGateTest, what_was_asked_at_mail_is_known_when_the_message_is_there) {
  gate.expect(std::make_shared<const Settings>(policy), "app@signed.example");
  settle();
  const auto verdict = check("signed.example");
  ASSERT_TRUE(verdict.found);
  EXPECT_EQ(alignment_text(*verdict.found), "spf=pass dmarc=pass (dkim)");
  ASSERT_EQ(booked.size(), 1u);
  EXPECT_EQ(booked[0].dmarc, "pass");
  EXPECT_EQ(booked[0].detail, "dkim");
}

TEST_F(MessageGateTest, results_are_counted_from_zero_on) {
  EXPECT_THAT(metrics.render(), HasSubstr("postern_spf_results_total{result=\"permerror\"} 0"));
  EXPECT_THAT(metrics.render(), HasSubstr("postern_dmarc_results_total{result=\"temperror\"} 0"));
  check("bad.example");
  settle();
  EXPECT_THAT(metrics.render(), HasSubstr("postern_spf_results_total{result=\"fail\"} 1"));
  EXPECT_THAT(metrics.render(), HasSubstr("postern_dmarc_results_total{result=\"fail\"} 1"));
}

TEST_F(MessageGateTest, a_warning_with_the_record_to_publish_comes_once_an_hour) {
  check("bad.example");
  settle();
  EXPECT_THAT(logged(), HasSubstr("publish="));
  EXPECT_THAT(logged(), HasSubstr("include:amazonses.com"));
  lines.clear();
  check("bad.example");
  settle();
  EXPECT_THAT(logged(), Not(HasSubstr("publish=")));
  support::advance(loop, clock, 1h);
  check("bad.example");
  settle();
  EXPECT_THAT(logged(), HasSubstr("publish="));
}

TEST_F(MessageGateTest, off_asks_nothing) {
  act(AlignmentAction::off, AlignmentAction::off);
  gate.expect(std::make_shared<const Settings>(policy), "app@bad.example");
  EXPECT_FALSE(check("bad.example").found);
  settle();
  EXPECT_EQ(zone.queries(), 0u);
  EXPECT_THAT(booked, IsEmpty());
}

TEST_F(MessageGateTest, enforced_spf_refuses_what_is_not_authorised) {
  act(AlignmentAction::enforce, AlignmentAction::off);
  const auto refused = check("bad.example").verdict;
  EXPECT_EQ(refused.kind, Verdict::Kind::reject);
  EXPECT_EQ(refused.reason, Verdict::Reason::spf_fail);
  EXPECT_THAT(refused.detail,
              HasSubstr("; publish bad.example. TXT \"v=spf1 include:amazonses.com ip4:203.0.113.7 -all\""));
  const auto broken = check("broken.example").verdict;
  EXPECT_EQ(broken.reason, Verdict::Reason::spf_permerror);
  EXPECT_THAT(broken.detail,
              HasSubstr("; publish broken.example. TXT \"v=spf1 include:amazonses.com -all\""));
  EXPECT_EQ(check("good.example").verdict.kind, Verdict::Kind::keep);
}

// A reply is cut at 512 octets (RFC 5321 4.5.3.1.5): half a record is worse than none.
TEST_F(MessageGateTest, a_record_too_long_for_a_reply_is_left_to_doctor) {
  act(AlignmentAction::enforce, AlignmentAction::off);
  std::string terms;
  for (int i = 0; i < 40; ++i) terms += "ip4:203.0.113." + std::to_string(i) + " ";
  zone.txt("long.example", "v=spf1 " + terms + "-all");
  const auto refused = check("long.example").verdict;
  EXPECT_EQ(refused.reason, Verdict::Reason::spf_fail);
  EXPECT_THAT(refused.detail, HasSubstr("; postern doctor tells what to publish"));
  EXPECT_LT(refused.detail.size(), 500u);
}

TEST_F(MessageGateTest, enforced_dmarc_refuses_what_is_not_aligned) {
  act(AlignmentAction::off, AlignmentAction::enforce);
  const auto refused = check("good.example").verdict;  // unsigned, and SES's MAIL FROM is amazonses.com
  EXPECT_EQ(refused.kind, Verdict::Kind::reject);
  EXPECT_EQ(refused.reason, Verdict::Reason::dmarc_fail);
  EXPECT_THAT(refused.detail, HasSubstr("; publish bounce.good.example. TXT"));
  EXPECT_EQ(check("signed.example").verdict.kind, Verdict::Kind::keep);
  EXPECT_EQ(check("app@good.example", {"app@signed.example"}).verdict.kind, Verdict::Kind::keep);
}

TEST_F(MessageGateTest, each_domain_of_from_is_looked_at_and_the_worst_counts) {
  act(AlignmentAction::off, AlignmentAction::enforce);
  const std::string sender = "app@signed.example";
  EXPECT_EQ(check(sender, {"a@signed.example", "b@Signed.Example"}).verdict.kind, Verdict::Kind::keep);
  using From = std::vector<std::string>;
  for (const auto& from :
       {From{"a@signed.example", "b@good.example"}, From{"b@good.example", "a@signed.example"}}) {
    const auto refused = check(sender, from).verdict;
    EXPECT_EQ(refused.reason, Verdict::Reason::dmarc_fail);
    EXPECT_THAT(refused.detail, HasSubstr("DMARC of good.example"));
  }
}

TEST_F(MessageGateTest, domains_of_one_from_share_the_budget) {
  act(AlignmentAction::off, AlignmentAction::enforce);
  std::vector<std::string> from;
  for (const std::string name : {"one.example", "two.example", "three.example"}) {
    zone.slow("_dmarc." + name, clock, 1h);
    from.push_back("app@" + name);
  }
  auto settings = std::make_shared<const Settings>(policy);
  bool answered = false;
  auto ended = [&answered](const std::exception_ptr&, const MessageVerdict& got) {
    answered = got.verdict.kind == Verdict::Kind::defer;
  };
  boost::asio::co_spawn(loop, gate.check(settings, MessageFacts("ID", "app@signed.example", from)), ended);
  support::advance(loop, clock, 3s);
  EXPECT_TRUE(answered);
}

TEST_F(MessageGateTest, a_from_without_a_domain_is_reported_and_where_dmarc_is_enforced_refused) {
  act(AlignmentAction::enforce, AlignmentAction::report);
  EXPECT_EQ(check("app@signed.example", {}).verdict.kind, Verdict::Kind::keep);
  act(AlignmentAction::off, AlignmentAction::enforce);
  const auto refused = check("app@signed.example", {}).verdict;
  EXPECT_EQ(refused.kind, Verdict::Kind::reject);
  EXPECT_EQ(refused.reason, Verdict::Reason::dmarc_fail);
  EXPECT_EQ(refused.detail, "From names no domain that could be read");
  ASSERT_EQ(booked.size(), 2u);
  EXPECT_EQ(booked[0].dmarc, "none");
  EXPECT_THAT(booked[0].detail, HasSubstr("From has no address"));
}

TEST_F(MessageGateTest, a_dns_failure_is_temporary_when_enforced) {
  act(AlignmentAction::enforce, AlignmentAction::enforce);
  zone.servfail("down.example");
  zone.servfail("_dmarc.down.example");
  const auto refused = check("down.example").verdict;
  EXPECT_EQ(refused.kind, Verdict::Kind::defer);
  EXPECT_EQ(refused.reason, Verdict::Reason::alignment_unknown);
}

TEST_F(MessageGateTest, a_domain_without_records_is_only_reported) {
  act(AlignmentAction::enforce, AlignmentAction::enforce);
  zone.exists("plain.example");
  EXPECT_EQ(check("plain.example").verdict.kind, Verdict::Kind::keep);
  ASSERT_EQ(booked.size(), 1u);
  EXPECT_EQ(booked[0].spf, "none");
  EXPECT_EQ(booked[0].dmarc, "none");
}

}  // namespace
}  // namespace postern::policy
