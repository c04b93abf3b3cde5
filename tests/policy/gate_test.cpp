#include "postern/policy/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/fake_list.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

using Kind = Verdict::Kind;
using Reason = Verdict::Reason;
using testing::HasSubstr;

class Policy : public testing::Test {
 protected:
  Policy() { settings_.suppression_reasons = {"BOUNCE", "COMPLAINT"}; }

  Verdict recipient(std::string path) {
    return support::run(loop_,
                        gate_.check_recipient(std::make_shared<const Settings>(settings_), std::move(path)));
  }
  Verdict sender(std::string_view path) { return gate_.check_sender(settings_, path); }
  Verdict client(std::string_view address, bool local = false) {
    return gate_.check_client(settings_, net::IpAddress::parse(address).value(), local);
  }

  boost::asio::io_context loop_;
  support::ManualClock clock_;  // 2026-11-24
  base::Metrics metrics_;
  test::FakeList list_;
  policy::Gate gate_{list_, clock_, metrics_};
  Settings settings_;
};

using PolicyClient = Policy;
using PolicySender = Policy;
using PolicyFrom = Policy;
using PolicyRecipient = Policy;
using PolicySuppression = Policy;

TEST_F(PolicyClient, only_the_networks_may_relay) {
  settings_.networks = {net::Network::parse("127.0.0.0/8").value(), net::Network::parse("::1").value(),
                        net::Network::parse("10.1.0.0/16").value()};
  for (const auto* good : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3"}) {
    EXPECT_EQ(client(good).kind, Kind::keep) << good;
  }
  for (const auto* bad : {"10.2.0.1", "192.0.2.1", "::2", "2001:db8::1"}) {
    const auto verdict = client(bad);
    EXPECT_EQ(verdict.kind, Kind::reject) << bad;
    EXPECT_EQ(verdict.reason, Reason::client_not_allowed);
    EXPECT_THAT(verdict.detail, HasSubstr(std::string(bad) + " is not in access.networks"));
  }
}

TEST_F(PolicyClient, a_unix_socket_is_always_allowed) {
  EXPECT_EQ(client("192.0.2.1", true).kind, Kind::keep);
}

TEST_F(PolicyClient, without_networks_nobody_relays) {
  EXPECT_EQ(client("127.0.0.1").kind, Kind::reject);
}

TEST_F(PolicySender, a_full_address_goes_as_it_is) {
  const auto verdict = sender("Shop@Example.com");
  EXPECT_EQ(verdict.kind, Kind::keep);
  EXPECT_EQ(verdict.reason, Reason::none);
  EXPECT_EQ(verdict.address, "Shop@Example.com");
}

TEST_F(PolicySender, one_without_a_domain_is_completed_or_told_the_remedy) {
  const auto refused = sender("root");
  EXPECT_EQ(refused.kind, Kind::reject);
  EXPECT_EQ(refused.reason, Reason::sender_invalid);
  EXPECT_EQ(refused.detail, "<root> has no domain: set rewrite.default_domain");
  settings_.rewrite.default_domain = "example.com";
  EXPECT_EQ(sender("root").address, "root@example.com");
  EXPECT_EQ(sender("root").kind, Kind::keep);
}

TEST_F(PolicySender, what_is_no_address_is_refused) {
  settings_.rewrite.default_domain = "example.com";
  for (const auto* bad : {"a b@example.com", "a@", "@example.com", "a@b@c", "a@-x.com"}) {
    EXPECT_EQ(sender(bad).reason, Reason::sender_invalid) << bad;
    EXPECT_EQ(sender(bad).kind, Kind::reject) << bad;
  }
}

TEST_F(PolicySender, rules_rewrite_it_before_it_is_judged) {
  settings_.rewrite.sender = {{"root@*", "ops@example.com", false}};
  settings_.senders = {"*@example.com"};
  EXPECT_EQ(sender("root@db7.internal").address, "ops@example.com");
  EXPECT_EQ(sender("root@db7.internal").kind, Kind::keep);
}

TEST_F(PolicySender, a_rule_that_gives_no_address_is_caught) {
  settings_.rewrite.sender = {{"*", "nobody here@x", false}};
  EXPECT_EQ(sender("a@example.com").reason, Reason::sender_invalid);
}

TEST_F(PolicySender, only_the_listed_ones_may_be_used) {
  settings_.senders = {"*@example.com", "a?@example.org"};
  EXPECT_EQ(sender("x@EXAMPLE.com").kind, Kind::keep);
  EXPECT_EQ(sender("a1@example.org").kind, Kind::keep);
  const auto refused = sender("x@example.org");
  EXPECT_EQ(refused.kind, Kind::reject);
  EXPECT_EQ(refused.reason, Reason::sender_not_allowed);
  EXPECT_THAT(refused.detail, HasSubstr("<x@example.org> is not in access.senders"));
}

TEST_F(PolicySender, the_null_sender_becomes_the_configured_one_or_is_refused) {
  const auto refused = sender("");
  EXPECT_EQ(refused.kind, Kind::reject);
  EXPECT_EQ(refused.reason, Reason::null_sender);
  EXPECT_THAT(refused.detail, HasSubstr("rewrite.null_sender"));
  settings_.rewrite.null_sender = "bounces@example.com";
  settings_.senders = {"*@example.org"};
  EXPECT_EQ(sender("").kind, Kind::keep) << "access.senders is about what clients choose";
  EXPECT_EQ(sender("").address, "bounces@example.com");
}

TEST_F(PolicyFrom, is_asked_against_the_same_patterns) {
  using From = std::vector<std::string>;
  for (const auto& any : {From{}, From{"a@anywhere"}})
    EXPECT_EQ(gate_.check_from(settings_, any).kind, Kind::keep);
  settings_.senders = {"*@example.com"};
  EXPECT_EQ(gate_.check_from(settings_, {"a@example.com", "b@example.com"}).kind, Kind::keep);
  for (const auto& bad : {From{}, From{"a@example.org"}, From{"a@example.com", "b@example.org"}}) {
    const auto verdict = gate_.check_from(settings_, bad);
    EXPECT_EQ(verdict.kind, Kind::reject) << testing::PrintToString(bad);
    EXPECT_EQ(verdict.reason, Reason::sender_not_allowed);
  }
}

TEST_F(PolicyRecipient, is_kept_when_nothing_is_against_it) {
  const auto verdict = recipient("A@Example.net");
  EXPECT_EQ(verdict.kind, Kind::keep);
  EXPECT_EQ(verdict.address, "A@Example.net");
  EXPECT_THAT(list_.asked, testing::ElementsAre("A@Example.net"));
}

TEST_F(PolicyRecipient, without_a_domain_is_completed_or_refused) {
  const auto refused = recipient("postmaster");
  EXPECT_EQ(refused.kind, Kind::reject);
  EXPECT_EQ(refused.reason, Reason::recipient_not_allowed);
  EXPECT_THAT(refused.detail, HasSubstr("rewrite.default_domain"));
  settings_.rewrite.default_domain = "example.com";
  EXPECT_EQ(recipient("postmaster").address, "postmaster@example.com");
  EXPECT_EQ(recipient("").kind, Kind::reject);
}

TEST_F(PolicyRecipient, only_the_allow_list_of_a_test_stage_is_mailed) {
  settings_.recipients = {"*@example.com"};
  EXPECT_EQ(recipient("a@example.com").kind, Kind::keep);
  const auto refused = recipient("customer@example.net");
  EXPECT_EQ(refused.reason, Reason::recipient_not_allowed);
  EXPECT_THAT(refused.detail, HasSubstr("<customer@example.net> is not in access.recipients"));
  EXPECT_EQ(list_.asked.size(), 1u) << "the list is not asked for who may not be mailed anyway";
}

TEST_F(PolicyRecipient, redirection_comes_before_allow_list_and_suppression) {
  settings_.rewrite.redirect_all_to = "qa@example.com";
  settings_.recipients = {"qa@example.com"};
  list_.put("customer@example.net", "BOUNCE", "manual", "2026-09-20T00:00:00Z");
  const auto verdict = recipient("customer@example.net");
  EXPECT_EQ(verdict.kind, Kind::keep);
  EXPECT_EQ(verdict.address, "qa@example.com");
}

TEST_F(PolicySuppression, each_action_has_its_verdict_and_metric) {
  list_.put("a@b.example", "BOUNCE", "ses account list", "2026-09-20T03:04:05Z");
  const std::vector<std::tuple<SuppressionAction, Kind, std::string>> actions{
      {SuppressionAction::drop, Kind::drop, "drop"},
      {SuppressionAction::reject, Kind::reject, "reject"},
      {SuppressionAction::hold, Kind::hold, "hold"}};
  for (const auto& [action, kind, label] : actions) {
    settings_.suppression_action = action;
    const auto verdict = recipient("A@B.example");
    EXPECT_EQ(verdict.kind, kind);
    EXPECT_EQ(verdict.reason, Reason::suppressed);
    EXPECT_EQ(verdict.address, "A@B.example");
    EXPECT_THAT(
        metrics_.render(),
        HasSubstr("postern_recipients_suppressed_total{reason=\"BOUNCE\",action=\"" + label + "\"} 1\n"));
  }
}

TEST_F(PolicySuppression, the_detail_is_the_text_of_the_reply) {
  list_.put("a@b", "BOUNCE", "ses account list", "2026-09-20T23:59:59Z");
  EXPECT_EQ(recipient("a@b").detail, "<a@b> suppressed: BOUNCE since 2026-09-20 (SES account list)");
  list_.put("a@b", "MANUAL", "manual", "2026-01-02T00:00:00Z");
  EXPECT_EQ(recipient("a@b").detail, "<a@b> suppressed: MANUAL since 2026-01-02 (manual)");
  list_.put("a@b", "MANUAL", "", "2026-01-02T00:00:00Z");
  EXPECT_EQ(recipient("a@b").detail, "<a@b> suppressed: MANUAL since 2026-01-02");
}

TEST_F(PolicySuppression, reasons_choose_among_what_ses_lists) {
  list_.put("bounce@x", "BOUNCE", "ses account list", "2026-09-20T00:00:00Z");
  list_.put("complaint@x", "COMPLAINT", "ses account list", "2026-09-20T00:00:00Z");
  list_.put("manual@x", "MANUAL", "manual", "2026-09-20T00:00:00Z");
  list_.put("other@x", "unsubscribed", "import", "2026-09-20T00:00:00Z");
  settings_.suppression_reasons = {"complaint"};
  EXPECT_EQ(recipient("bounce@x").kind, Kind::keep);
  EXPECT_EQ(recipient("complaint@x").kind, Kind::drop);
  EXPECT_EQ(recipient("manual@x").kind, Kind::drop);
  EXPECT_EQ(recipient("other@x").kind, Kind::drop);
  const auto metrics = metrics_.render();
  EXPECT_THAT(metrics, HasSubstr("{reason=\"COMPLAINT\",action=\"drop\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("{reason=\"MANUAL\",action=\"drop\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("{reason=\"OTHER\",action=\"drop\"} 1\n"));
  EXPECT_THAT(metrics, testing::Not(HasSubstr("reason=\"BOUNCE\"")));
}

TEST_F(PolicySuppression, max_age_ends_what_ses_listed_but_not_what_a_person_did) {
  list_.put("bounce@x", "BOUNCE", "ses account list", "2026-11-23T10:00:00Z");  // a day ago, to the ms
  list_.put("manual@x", "MANUAL", "manual", "2020-01-01T00:00:00Z");
  settings_.suppression_max_age = std::chrono::hours(24);
  EXPECT_EQ(recipient("bounce@x").kind, Kind::drop);
  clock_.set(std::chrono::milliseconds(1));
  EXPECT_EQ(recipient("bounce@x").kind, Kind::keep);
  EXPECT_EQ(recipient("manual@x").kind, Kind::drop);
  settings_.suppression_max_age = {};
  EXPECT_EQ(recipient("bounce@x").kind, Kind::drop);
}

TEST_F(PolicySuppression, a_list_that_cannot_be_read_sends_or_defers) {
  list_.broken = true;
  EXPECT_EQ(recipient("a@b").kind, Kind::keep);
  EXPECT_EQ(recipient("a@b").address, "a@b");
  settings_.suppression_on_error = OnError::defer;
  const auto verdict = recipient("a@b");
  EXPECT_EQ(verdict.kind, Kind::defer);
  EXPECT_EQ(verdict.reason, Reason::suppression_unavailable);
  EXPECT_THAT(verdict.detail, HasSubstr("disk I/O error"));
}

TEST_F(PolicyRecipient, one_of_several_entries_that_counts_is_enough) {
  list_.put("a@example.net", "BOUNCE", "ses account list", "2026-09-20T00:00:00Z");
  auto& entry = list_.entries.begin()->second;
  settings_.suppression_reasons = {"COMPLAINT"};
  EXPECT_EQ(recipient("a@example.net").kind, Kind::keep);
  entry.also.push_back(
      suppression::Entry{"A@example.net", "COMPLAINT", "ses account list", entry.since, true, {}});
  const auto verdict = recipient("a@example.net");
  EXPECT_EQ(verdict.kind, Kind::drop);
  EXPECT_THAT(verdict.detail, HasSubstr("COMPLAINT"));
}

}  // namespace
}  // namespace postern::policy
