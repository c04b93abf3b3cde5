// DMARC policy discovery and organisational domains: zone in, policy out.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "policy/zone.hpp"
#include "postern/policy/dmarc.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace postern::policy {
namespace {

using State = DmarcPolicyFound::State;

class Dmarc : public testing::Test {
 protected:
  DmarcPolicyFound find(const std::string& domain, DmarcMethod method) {
    return support::run(loop_, find_dmarc(dns_, *suffixes_, domain, method));
  }
  DmarcPolicyFound walk(const std::string& domain) { return find(domain, DmarcMethod::tree_walk); }
  DmarcPolicyFound list(const std::string& domain) { return find(domain, DmarcMethod::public_suffix_list); }
  std::string organization(const std::string& domain, DmarcMethod method) {
    const auto found = support::run(loop_, organizational_domain(dns_, *suffixes_, domain, method));
    return found ? *found : "error: " + found.error().message;
  }
  void zone(const std::string& text) { add_zone(dns_, text); }
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& question : dns_.asked()) out.push_back(question.name);
    return out;
  }

  boost::asio::io_context loop_;
  support::FakeResolver dns_;
  std::shared_ptr<const PublicSuffixes> suffixes_ = PublicSuffixes::builtin();
};

// "p=reject at example.com, org example.com"
std::string text_of(const DmarcPolicyFound& found) {
  switch (found.state) {
    case State::found:
      break;
    case State::none:
      return "none, org " + found.organizational_domain;
    case State::several_records:
      return "several at " + found.domain;
    case State::invalid:
      return "invalid at " + found.domain;
    case State::temperror:
      return "temperror at " + found.domain;
  }
  return found.tag + "=" + std::string(to_string(found.applies)) + " at " + found.domain + ", org " +
         found.organizational_domain;
}

TEST_F(Dmarc, record_of_the_from_domain_applies_by_its_p) {
  zone("_dmarc.example.com TXT v=DMARC1; p=reject; sp=none; np=none");
  EXPECT_EQ(text_of(walk("Example.COM.")), "p=reject at example.com, org example.com");
  EXPECT_EQ(text_of(list("Example.COM.")), "p=reject at example.com, org example.com");
}

TEST_F(Dmarc, subdomain_takes_sp_of_the_organizational_domain_or_else_its_p) {
  zone(R"(_dmarc.example.com TXT v=DMARC1; p=reject; sp=quarantine
          _dmarc.example.org TXT v=DMARC1; p=reject
          a.b.example.com EXISTS)");
  EXPECT_EQ(text_of(walk("a.b.example.com")), "sp=quarantine at example.com, org example.com");
  EXPECT_EQ(text_of(list("a.b.example.com")), "sp=quarantine at example.com, org example.com");
  EXPECT_EQ(text_of(walk("a.example.org")), "p=reject at example.org, org example.org");
  EXPECT_EQ(text_of(list("a.example.org")), "p=reject at example.org, org example.org");
}

// RFC 7489 6.6.3 looks at two places only, RFC 9989 4.10.1 at the organisational domain that the walk finds:
// neither takes the record in between.
TEST_F(Dmarc, record_between_from_domain_and_organizational_domain_does_not_apply) {
  zone(R"(_dmarc.example.com TXT v=DMARC1; p=none
          _dmarc.b.example.com TXT v=DMARC1; p=reject)");
  EXPECT_EQ(text_of(walk("a.b.example.com")), "p=none at example.com, org example.com");
  EXPECT_EQ(text_of(list("a.b.example.com")), "p=none at example.com, org example.com");
}

TEST_F(Dmarc, no_record_means_none) {
  zone("example.com TXT v=spf1 -all\n_dmarc.example.com TXT something else");
  EXPECT_EQ(text_of(walk("example.com")), "none, org example.com");
  EXPECT_EQ(text_of(list("a.example.com")), "none, org example.com");
  EXPECT_EQ(text_of(walk("a.example.com")), "none, org a.example.com");
}

// np: RFC 9989 4.7, for names that are NXDOMAIN (3.2).
TEST_F(Dmarc, np_is_for_names_that_do_not_exist) {
  zone(R"(_dmarc.example.org TXT v=DMARC1; p=reject; sp=quarantine; np=none
          there.example.org A 192.0.2.1
          host.empty.example.org A 192.0.2.1)");
  EXPECT_EQ(text_of(walk("ghost.example.org")), "np=none at example.org, org example.org");
  EXPECT_EQ(text_of(walk("there.example.org")), "sp=quarantine at example.org, org example.org");
  EXPECT_EQ(text_of(walk("empty.example.org")), "sp=quarantine at example.org, org example.org");
  EXPECT_EQ(text_of(walk("example.org")), "p=reject at example.org, org example.org");
  EXPECT_EQ(text_of(list("ghost.example.org")), "sp=quarantine at example.org, org example.org");
}

TEST_F(Dmarc, existence_is_asked_only_where_np_differs) {
  zone("_dmarc.example.org TXT v=DMARC1; p=reject; np=reject");
  EXPECT_EQ(text_of(walk("ghost.example.org")), "p=reject at example.org, org example.org");
  EXPECT_EQ(dns_.queries("ghost.example.org"), 0U);
}

TEST_F(Dmarc, wrong_np_is_an_unknown_tag_to_receivers_of_rfc_7489) {
  zone("_dmarc.example.org TXT v=DMARC1; p=reject; np=bob");
  EXPECT_EQ(text_of(walk("example.org")), "invalid at example.org");
  EXPECT_EQ(text_of(list("example.org")), "p=reject at example.org, org example.org");
}

// RFC 9989 4.10.2
TEST_F(Dmarc, psd_n_makes_the_organizational_domain_and_ends_the_walk) {
  zone(R"(_dmarc.mail.example.com TXT v=DMARC1; p=quarantine; psd=n
          _dmarc.example.com TXT v=DMARC1; p=reject)");
  EXPECT_EQ(text_of(walk("a.mail.example.com")), "p=quarantine at mail.example.com, org mail.example.com");
  EXPECT_EQ(asked(), (std::vector<std::string>{"_dmarc.a.mail.example.com", "_dmarc.mail.example.com"}));
  EXPECT_EQ(text_of(list("a.mail.example.com")), "p=reject at example.com, org example.com");
}

TEST_F(Dmarc, organizational_domain_is_one_label_below_psd_y) {
  zone(R"(_dmarc.bank.example TXT v=DMARC1; p=reject; sp=quarantine; psd=y
          _dmarc.giant.bank.example TXT v=DMARC1; p=none
          new.bank.example EXISTS)");
  EXPECT_EQ(text_of(walk("giant.bank.example")), "p=none at giant.bank.example, org giant.bank.example");
  EXPECT_EQ(text_of(walk("a.b.giant.bank.example")), "p=none at giant.bank.example, org giant.bank.example");
  EXPECT_EQ(text_of(walk("new.bank.example")), "sp=quarantine at bank.example, org new.bank.example");
  EXPECT_EQ(organization("x.mega.bank.example", DmarcMethod::tree_walk), "mega.bank.example");
}

TEST_F(Dmarc, psd_y_at_the_start_is_no_suffix_of_itself) {
  zone("_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n_dmarc.example TXT v=DMARC1; p=none");
  EXPECT_EQ(text_of(walk("bank.example")), "p=reject at bank.example, org bank.example");
}

TEST_F(Dmarc, without_psd_the_record_with_the_fewest_labels_is_the_organizational_one) {
  zone(R"(_dmarc.mail.example.com TXT v=DMARC1; p=quarantine
          _dmarc.example.com TXT v=DMARC1; p=reject)");
  EXPECT_EQ(organization("a.mail.example.com", DmarcMethod::tree_walk), "example.com");
  EXPECT_EQ(organization("a.example.net", DmarcMethod::tree_walk), "a.example.net");
  EXPECT_EQ(organization("a.mail.example.com", DmarcMethod::public_suffix_list), "example.com");
}

// RFC 9989 4.10: the example of that section, eight look-ups.
TEST_F(Dmarc, long_names_are_shortened_to_seven_labels_after_the_first_query) {
  walk("a.b.c.d.e.f.g.h.i.j.mail.example.com");
  EXPECT_EQ(asked(),
            (std::vector<std::string>{"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                      "_dmarc.g.h.i.j.mail.example.com", "_dmarc.h.i.j.mail.example.com",
                                      "_dmarc.i.j.mail.example.com", "_dmarc.j.mail.example.com",
                                      "_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com"}));
}

TEST_F(Dmarc, eight_labels_take_eight_look_ups) {
  walk("a.b.c.d.e.f.example.com");
  EXPECT_EQ(dns_.queries(), 8U);
  EXPECT_EQ(dns_.queries("_dmarc.b.c.d.e.f.example.com"), 1U);
}

TEST_F(Dmarc, from_on_a_public_suffix_has_only_its_own_record) {
  zone("_dmarc.co.uk TXT v=DMARC1; p=reject");
  EXPECT_EQ(text_of(list("co.uk")), "p=reject at co.uk, org co.uk");
  EXPECT_EQ(text_of(list("github.io")), "none, org github.io");
  EXPECT_EQ(text_of(walk("co.uk")), "p=reject at co.uk, org co.uk");
}

// RFC 7489 6.6.3 (5): discovery ends. RFC 9989 4.10 (2): they are discarded and the walk goes on.
TEST_F(Dmarc, several_records_count_as_none_of_them) {
  zone(R"(_dmarc.mail.example.com TXT v=DMARC1; p=none
          _dmarc.mail.example.com TXT v=DMARC1; p=reject
          _dmarc.example.com TXT v=DMARC1; p=quarantine)");
  EXPECT_EQ(text_of(list("mail.example.com")), "several at mail.example.com");
  EXPECT_EQ(text_of(walk("mail.example.com")), "p=quarantine at example.com, org example.com");
}

TEST_F(Dmarc, several_records_and_nothing_above_are_told_from_no_record) {
  zone("_dmarc.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT v=DMARC1; p=bob");
  EXPECT_EQ(text_of(list("example.com")), "several at example.com");
  EXPECT_EQ(text_of(walk("example.com")), "several at example.com");
  EXPECT_EQ(walk("example.com").problem, "several DMARC records at _dmarc.example.com");
}

TEST_F(Dmarc, other_texts_beside_the_record_do_not_count) {
  zone(R"(_dmarc.example.com TXT v=spf1 -all
          _dmarc.example.com TXT v=DMARC1; p=reject
          _dmarc.example.com TXT verification=123)");
  EXPECT_EQ(text_of(walk("example.com")), "p=reject at example.com, org example.com");
}

TEST_F(Dmarc, invalid_record_ends_it) {
  zone(R"(_dmarc.a.example.com TXT v=DMARC1; p=bob
          _dmarc.example.com TXT v=DMARC1; p=reject
          _dmarc.example.org TXT v=DMARC1; p=bob)");
  EXPECT_EQ(text_of(list("a.example.com")), "invalid at a.example.com");
  EXPECT_EQ(text_of(walk("a.example.com")), "invalid at a.example.com");
  EXPECT_EQ(text_of(walk("a.example.org")), "invalid at example.org");
  EXPECT_EQ(text_of(list("a.example.org")), "invalid at example.org");
  EXPECT_EQ(walk("a.example.org").problem,
            "the DMARC record at _dmarc.example.org: p=bob is not none, quarantine or reject");
}

TEST_F(Dmarc, a_failure_at_each_step_is_a_temperror) {
  for (const char* broken : {"_dmarc.a.example.com SERVFAIL", "_dmarc.example.com TIMEOUT"}) {
    dns_.clear();
    zone(broken);
    EXPECT_EQ(walk("a.example.com").state, State::temperror) << broken;
    EXPECT_EQ(list("a.example.com").state, State::temperror) << broken;
  }
  dns_.clear();
  zone("_dmarc.com SERVFAIL");
  EXPECT_EQ(walk("a.example.com").state, State::temperror);
  EXPECT_EQ(walk("a.example.com").problem, "_dmarc.com: SERVFAIL");
  EXPECT_EQ(list("a.example.com").state, State::none);
  EXPECT_EQ(organization("a.example.com", DmarcMethod::tree_walk), "error: _dmarc.com: SERVFAIL");
}

TEST_F(Dmarc, a_failed_look_up_for_np_is_a_temperror) {
  zone("_dmarc.example.org TXT v=DMARC1; p=reject; np=none\nghost.example.org SERVFAIL");
  EXPECT_EQ(walk("ghost.example.org").state, State::temperror);
}

TEST_F(Dmarc, an_outage_costs_one_query) {
  zone("_dmarc.a.b.example.com TIMEOUT");
  walk("a.b.example.com");
  EXPECT_EQ(dns_.queries(), 1U);
}

// The policy is known although the organisational domain is not: what aligns exactly can still pass.
TEST_F(Dmarc, own_record_counts_when_the_walk_fails_above_it) {
  zone("_dmarc.a.example.com TXT v=DMARC1; p=reject\n_dmarc.com SERVFAIL");
  EXPECT_EQ(text_of(walk("a.example.com")), "p=reject at a.example.com, org ");
}

TEST_F(Dmarc, names_that_dns_cannot_carry_have_no_record) {
  for (const auto& name : {std::string(), std::string("..com"), std::string("a..b"), std::string("."),
                           std::string(64, 'a') + ".example", std::string(300, 'a')}) {
    EXPECT_EQ(walk(name).state, State::none) << name;
    EXPECT_EQ(list(name).state, State::none) << name;
  }
}

TEST_F(Dmarc, a_label_that_cannot_exist_is_a_nonexistent_subdomain) {
  zone("_dmarc.example.com TXT v=DMARC1; p=reject; np=none");
  EXPECT_EQ(text_of(walk(std::string(64, 'a') + ".example.com")), "np=none at example.com, org example.com");
}

TEST_F(Dmarc, expires_with_the_first_answer) {
  support::ManualClock clock;
  const auto soon = clock.steady_now() + std::chrono::seconds(60);
  const auto later = clock.steady_now() + std::chrono::seconds(300);
  zone(
      "_dmarc.example.com TXT v=DMARC1; p=reject; np=none\n_dmarc.a.example.com EXISTS\na.example.com "
      "EXISTS");
  dns_.expires("_dmarc.example.com", later);
  dns_.expires("_dmarc.a.example.com", later);
  dns_.expires("a.example.com", soon);
  EXPECT_EQ(walk("a.example.com").expires, soon);
  EXPECT_EQ(list("a.example.com").expires, later);
}

}  // namespace
}  // namespace postern::policy
