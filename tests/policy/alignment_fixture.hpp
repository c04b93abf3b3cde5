// Alignment over a zone that the test writes: question in, assessment out. One thread, manual clock.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "policy/zone.hpp"
#include "postern/policy/alignment.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace postern::policy {

class AlignmentTest : public testing::Test {
 protected:
  AlignmentTest() {
    settings_.region = "eu-west-1";
    zone("amazonses.com TXT v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 ip4:76.223.128.0/19 -all");
  }
  ~AlignmentTest() override {
    alignment_.stop();
    support::advance(loop_, clock_, std::chrono::minutes(2));  // what still waits in the resolver
  }

  void zone(const std::string& text) { add_zone(dns_, text); }
  void mail_from(const std::string& identity, const std::string& domain) {
    settings_.mail_from_domain[identity] = domain;
  }
  // What a domain that does everything right has: bounce.example.com as MAIL FROM.
  void good_mail_from() {
    mail_from("example.com", "bounce.example.com");
    zone(R"(bounce.example.com TXT v=spf1 include:amazonses.com ~all
            bounce.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com)");
  }

  AssessmentPtr ask(const AlignmentQuestion& question) {
    auto settings = std::make_shared<const AlignmentSettings>(settings_);
    return support::run(loop_, alignment_.assess(std::move(settings), question));
  }
  AssessmentPtr ask_from(const std::string& from, const std::string& signing = {}) {
    return ask({from, from, signing});
  }
  AssessmentPtr ask_sender(const std::string& sender) { return ask({sender, {}, {}}); }

  static const Advice* advice(const AssessmentPtr& assessment, std::string_view reason) {
    const auto& all = assessment->advice;
    const auto found =
        std::find_if(all.begin(), all.end(), [reason](const Advice& one) { return one.reason == reason; });
    return found == all.end() ? nullptr : &*found;
  }
  static std::string record(const AssessmentPtr& assessment, std::string_view reason) {
    const auto* found = advice(assessment, reason);
    return found == nullptr ? "no such advice" : found->record;
  }
  static std::string reasons(const AssessmentPtr& assessment) {
    std::string out;
    for (const auto& one : assessment->advice) out += (out.empty() ? "" : " ") + one.reason;
    return out;
  }

  boost::asio::io_context loop_;
  support::ManualClock clock_;
  support::FakeResolver dns_;
  AlignmentSettings settings_;
  Alignment alignment_{dns_, PublicSuffixes::builtin(), clock_, loop_.get_executor(), 3};
};

}  // namespace postern::policy
