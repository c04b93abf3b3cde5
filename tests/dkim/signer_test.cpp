#include "postern/dkim/signer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "dkim/keys.hpp"
#include "dkim/verifier.hpp"
#include "support/temp_dir.hpp"

namespace postern::dkim {
namespace {

const std::string header =
    "Received: from app ([127.0.0.1]) by relay; Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    "Message-ID: <1@example.com>\r\n"
    "From: Shop <shop@example.com>\r\n"
    "To: a@example.net,\r\n b@example.net\r\n"
    "Subject:\r\n  Your\tpassword \r\n"
    "Return-Path: <shop@example.com>\r\n"
    "X-SES-CONFIGURATION-SET: main\r\n"
    "Content-Type: text/plain\r\n";
const std::string body = "Hello  you, \r\n\r\nnew password\t\r\n\r\n\r\n";
const auto now = base::from_rfc3339("2026-11-24T10:15:30Z").value();

BodySource whole(std::string text, std::size_t portion = std::string::npos) {
  auto rest = std::make_shared<std::string>(std::move(text));
  auto out = std::make_shared<std::string>();
  return [rest, out, portion]() -> base::Result<std::string_view> {
    *out = rest->substr(0, portion);
    rest->erase(0, out->size());
    return std::string_view(*out);
  };
}

class DkimSigner : public testing::Test {
 protected:
  KeySpec spec(std::string domain, bool subdomains = true) {
    return {std::move(domain), "s1", key_file_, subdomains};
  }
  std::shared_ptr<const Signer> signer() { return Signer::create({spec("example.com")}).value(); }
  base::Result<std::string> sign(std::string_view h, const std::string& b, std::size_t portion = 4096) {
    return signer()->sign("example.com", h, whole(b, portion), now);
  }
  // Signs, and verifies what is sent.
  std::string verdict(const std::string& h, const std::string& b) {
    const auto field = sign(h, b);
    return field ? test::verify(*field + h, b, test::shared_rsa()) : field.error().message;
  }

  support::TempDir dir_;
  std::string key_file_ = test::write_file(dir_.file("key.pem"), test::pem(test::shared_rsa()));
};

TEST_F(DkimSigner, what_it_signs_verifies) {
  EXPECT_EQ(verdict(header, body), "pass");
}

TEST_F(DkimSigner, gives_a_whole_folded_field) {
  const auto field = sign(header, body).value();
  EXPECT_TRUE(field.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;"));
  EXPECT_TRUE(field.ends_with("\r\n"));
  std::size_t longest = 0;
  std::size_t begin = 0;
  for (auto end = field.find("\r\n"); end != std::string::npos; end = field.find("\r\n", begin)) {
    longest = std::max(longest, end - begin);
    begin = end + 2;
    EXPECT_TRUE(begin == field.size() || test::is_wsp(field[begin])) << field;
  }
  EXPECT_LE(longest, 78u);
  EXPECT_EQ(begin, field.size());
}

TEST_F(DkimSigner, the_time_is_the_callers_and_the_same_input_gives_the_same_bytes) {
  const auto field = sign(header, body).value();
  auto tags = test::tags_of(field.substr(field.find(':') + 1));
  EXPECT_EQ(tags["t"], "1795515330");
  EXPECT_EQ(tags["s"], "s1");
  EXPECT_FALSE(tags.contains("l"));
  EXPECT_FALSE(tags.contains("x"));
  EXPECT_FALSE(tags.contains("i"));
  EXPECT_EQ(field, sign(header, body).value());
}

TEST_F(DkimSigner, signs_what_survives_ses_and_from_once_more) {
  const std::string all =
      "Reply-To: r@example.com\r\nCc: c@example.com\r\nMIME-Version: 1.0\r\n"
      "Content-Transfer-Encoding: 7bit\r\nIn-Reply-To: <0@example.com>\r\nReferences: <0@example.com>\r\n"
      "List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
      "List-Id: <news.example.com>\r\nSender: s@example.com\r\nComments: c\r\nBounces-To: b@example.com\r\n"
      "Bcc: x@example.com\r\nDKIM-Signature: v=1\r\nFeedback-ID: 1\r\n";
  const auto field = sign(header + all, body).value();
  EXPECT_EQ(test::tags_of(field.substr(field.find(':') + 1))["h"],
            "From:To:Subject:Content-Type:Reply-To:Cc:MIME-Version:Content-Transfer-Encoding:In-Reply-To:"
            "References:List-Unsubscribe:List-Unsubscribe-Post:List-Id:From");
}

TEST_F(DkimSigner, survives_what_ses_does_to_a_message) {
  const auto field = sign(header, body).value();
  std::string at_receiver = field + header;
  const auto replace = [&at_receiver](const std::string& from, const std::string& to) {
    at_receiver.replace(at_receiver.find(from), from.size(), to);
  };
  replace("Message-ID: <1@example.com>", "Message-ID: <0106@ap-northeast-1.amazonses.com>");
  replace("Date: Tue, 24 Nov 2026 10:00:00 +0000", "Date: Tue, 24 Nov 2026 10:16:00 +0000");
  replace("Return-Path: <shop@example.com>\r\n", "");
  replace("X-SES-CONFIGURATION-SET: main\r\n", "");
  at_receiver += "Feedback-ID: 1.ap-northeast-1.x:AmazonSES\r\nX-SES-Outgoing: 2026.11.24-54.240.0.1\r\n";
  EXPECT_EQ(test::verify(at_receiver, body, test::shared_rsa()), "pass");
}

TEST_F(DkimSigner, a_second_from_or_a_changed_byte_breaks_it) {
  const auto field = sign(header, body).value();
  EXPECT_EQ(test::verify(field + "From: evil@example.com\r\n" + header, body, test::shared_rsa()),
            "signature differs");
  EXPECT_EQ(test::verify(field + header, body + "x", test::shared_rsa()), "body hash differs");
  EXPECT_EQ(test::verify(field + header + "Subject: other\r\n", body, test::shared_rsa()),
            "signature differs");
}

TEST_F(DkimSigner, a_message_with_from_only_is_signed) {
  EXPECT_EQ(verdict("From: a@example.com\r\n", ""), "pass");
  EXPECT_EQ(verdict("From: a@example.com\r\n", "\r\n\r\n"), "pass");
}

TEST_F(DkimSigner, odd_fields_elsewhere_do_not_hinder) {
  EXPECT_EQ(verdict(header + "Subject;x: y\r\nX-Empty:\r\nMessage-ID: <2@x>\r\n", body), "pass");
}

TEST_F(DkimSigner, fields_that_occur_twice_are_all_signed) {
  const std::string twice = header + "To: c@example.net\r\nTo: d@example.net\r\nSubject: again\r\n";
  EXPECT_EQ(verdict(twice, body), "pass");
  const auto field = sign(twice, body).value();
  const auto names = test::tags_of(field.substr(field.find(':') + 1))["h"];
  EXPECT_EQ(std::count(names.begin(), names.end(), 'T'), 4) << names;  // To three times, Content-Type
}

TEST_F(DkimSigner, fields_that_opendkim_at_receivers_hashes_otherwise_stay_out) {
  EXPECT_EQ(verdict(header + "Reply-To: a\vb\r\n", body), "pass");
  EXPECT_EQ(verdict(header + "To: a@b\f\r\n", body), "pass");
  EXPECT_EQ(verdict(header + "References: " + std::string(70000, 'x') + "\r\n", body), "pass");
  const auto field = sign(header + "To: a@b\f\r\n", body).value();
  EXPECT_EQ(test::tags_of(field.substr(field.find(':') + 1))["h"], "From:Subject:Content-Type:From");
}

TEST_F(DkimSigner, a_field_just_within_the_limit_verifies) {
  const std::string name = "References: ";
  std::string folded = name + std::string(60000, 'x') + "\r\n ";
  folded += std::string(65000 - folded.size() - 2, 'y') + "\r\n";
  const auto field = sign(header + folded, body).value();
  EXPECT_NE(field.find("References"), std::string::npos);
  EXPECT_EQ(test::verify(field + header + folded, body, test::shared_rsa()), "pass");
}

TEST_F(DkimSigner, refuses_what_nobody_could_verify) {
  const auto code = [this](const std::string& h, const std::string& b) {
    const auto field = sign(h, b);
    return field ? base::Errc::exists : field.error().code;
  };
  EXPECT_EQ(code("To: a@example.com\r\n", body), base::Errc::invalid);
  EXPECT_EQ(code("From: a\vb@example.com\r\n", body), base::Errc::invalid);
  EXPECT_EQ(code("From: " + std::string(65000, 'x') + "\r\n", body), base::Errc::invalid);
  EXPECT_EQ(code("From the start\r\n" + header, body), base::Errc::invalid);
  EXPECT_EQ(code(header, "a\nb\r\n"), base::Errc::invalid);
  EXPECT_EQ(code(header, "\nb\r\n"), base::Errc::invalid);
  EXPECT_EQ(code(header, "a\rb\r\n"), base::Errc::invalid);
  EXPECT_EQ(code(header, "a\r\r\n"), base::Errc::invalid);
  std::string many = header;
  for (int i = 0; i < 100; ++i) many += "Cc: a@example.com\r\n";
  EXPECT_EQ(code(many, body), base::Errc::invalid);
}

TEST_F(DkimSigner, a_hundred_signed_fields_verify) {
  std::string many = header;
  for (int i = 0; i < 60; ++i) many += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
  for (int i = 0; i < 36; ++i) many += "Content-Transfer-Encoding: 7bit\r\n";
  EXPECT_EQ(verdict(many, body), "pass");
}

TEST_F(DkimSigner, long_words_and_many_empty_lines_in_the_body_verify) {
  EXPECT_EQ(verdict(header, std::string(200'000, 'x') + "\r\n"), "pass");
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += " \r\n";
  EXPECT_EQ(verdict(header, lines + "x" + lines), "pass");
}

TEST_F(DkimSigner, nul_and_eight_bit_in_the_body_are_hashed_as_they_are) {
  EXPECT_EQ(verdict(header, std::string("a\0b \0\r\n\xC3\xA4\xFF \r\n", 14)), "pass");
  EXPECT_EQ(verdict("From: \xC3\xA4 <a@example.com>\r\nSubject: \xE9\r\n", body), "pass");
}

TEST_F(DkimSigner, a_last_line_without_its_end_is_signed_as_it_is_sent) {
  for (const std::string rest : {"end", "end\r", "end \t", "\r"}) {
    const auto field = sign(header, "first\r\n" + rest).value();
    const auto sent = "first\r\n" + rest + (rest.ends_with('\r') ? "\n" : "\r\n");
    EXPECT_EQ(test::verify(field + header, sent, test::shared_rsa()), "pass") << rest;
  }
}

TEST_F(DkimSigner, the_split_of_the_body_does_not_matter) {
  const auto one = sign(header, body).value();
  for (std::size_t portion = 1; portion < body.size(); ++portion)
    EXPECT_EQ(sign(header, body, portion).value(), one) << portion;
}

TEST_F(DkimSigner, an_error_of_the_body_source_is_handed_on) {
  const BodySource broken = []() -> base::Result<std::string_view> {
    return base::fail(base::Errc::io, "disk");
  };
  const auto field = signer()->sign("example.com", header, broken, now);
  ASSERT_FALSE(field);
  EXPECT_EQ(field.error().code, base::Errc::io);
}

TEST_F(DkimSigner, threads_share_it) {
  const auto shared = signer();
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < made.size(); ++n) {
    threads.emplace_back([&shared, &out = made[n], n] {
      for (int i = 0; i < 20; ++i) {
        const auto when = now + std::chrono::seconds(static_cast<int>(n) * 100 + i);
        out.push_back(shared->sign("example.com", header, whole(body), when).value());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t n = 0; n < made.size(); ++n) {
    for (std::size_t i = 0; i < made[n].size(); ++i) {
      const auto& field = made[n][i];
      EXPECT_EQ(test::verify(field + header, body, test::shared_rsa()), "pass");
      EXPECT_EQ(test::tags_of(field.substr(15))["t"], std::to_string(1795515330 + n * 100 + i));
    }
  }
}

TEST_F(DkimSigner, the_key_is_that_of_the_nearest_domain) {
  const auto chosen = Signer::create({spec("example.com"), spec("Mail.Example.com", false),
                                      spec("deep.mail.example.com."), spec("example.org", false)})
                          .value();
  const auto domain = [&chosen](std::string_view from) {
    const auto* key = chosen->key_for(from);
    return key == nullptr ? "none" : key->domain;
  };
  EXPECT_EQ(domain("example.com"), "example.com");
  EXPECT_EQ(domain("EXAMPLE.com."), "example.com");
  EXPECT_EQ(domain("shop.example.com"), "example.com");
  EXPECT_EQ(domain("mail.example.com"), "Mail.Example.com");
  EXPECT_EQ(domain("x.mail.example.com"), "example.com") << "the nearer parent has no subdomains";
  EXPECT_EQ(domain("a.deep.mail.example.com"), "deep.mail.example.com.");
  EXPECT_EQ(domain("example.org"), "example.org");
  EXPECT_EQ(domain("www.example.org"), "none");
  EXPECT_EQ(domain("notexample.com"), "none");
  EXPECT_EQ(domain("com"), "none");
  EXPECT_EQ(domain(""), "none");
}

TEST_F(DkimSigner, of_several_authors_the_first_with_a_key_counts) {
  const auto chosen = Signer::create({spec("example.com"), spec("example.org")}).value();
  EXPECT_EQ(key_for_author(*chosen, {"a@foreign.test", "B@Example.ORG", "c@example.com"})->domain,
            "example.org");
  EXPECT_EQ(key_for_author(*chosen, {"a@foreign.test"}), nullptr);
  EXPECT_EQ(key_for_author(*chosen, {}), nullptr);
}

TEST_F(DkimSigner, d_is_the_domain_of_the_key) {
  const auto field = signer()->sign("Shop.example.com", header, whole(body), now).value();
  EXPECT_EQ(test::tags_of(field.substr(15))["d"], "example.com");
  const auto none = signer()->sign("example.net", header, whole(body), now);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::Errc::not_found);
}

TEST(DkimSignerWithoutKeys, signs_nothing) {
  const auto signer = Signer::create({}).value();
  EXPECT_EQ(signer->key_for("example.com"), nullptr);
}

}  // namespace
}  // namespace postern::dkim
