// Our engine against libopendkim: whatever ours signs, it verifies, and what is changed afterwards it does
// not.
#include "dkim/opendkim.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "dkim/keys.hpp"
#include "dkim/proof.hpp"
#include "dkim/signature.hpp"
#include "support/temp_dir.hpp"

namespace postern::dkim {
namespace {

class AgainstOpendkim : public testing::Test {
 protected:
  std::string sign(const std::string& header, const std::string& body) {
    std::string_view rest = body;
    const BodySource source = [&rest]() -> base::Result<std::string_view> {
      const auto portion = rest.substr(0, 7);
      rest.remove_prefix(portion.size());
      return portion;
    };
    return make_signature(key_, header, source, base::WallTime(std::chrono::hours(490'000))).value();
  }
  // "" when it verifies.
  std::string verdict(const std::string& header, const std::string& body) const {
    const auto verified = Verifier::shared().verify(header, body, record_);
    return verified ? "" : verified.error().message;
  }

  support::TempDir dir_;
  std::vector<std::string> warnings_;
  SigningKey key_ = load_key({"example.com", "s1",
                              test::write_file(dir_.file("key.pem"), test::pem(test::shared_rsa())), true},
                             warnings_)
                        .value();
  std::string record_ = key_record(key_.key);
};

const std::string header = "From: a@example.com\r\nTo: b@example.net\r\nSubject: s\r\n";

TEST_F(AgainstOpendkim, a_plain_message_verifies_and_a_changed_one_does_not) {
  const auto field = sign(header, "text\r\n");
  EXPECT_EQ(verdict(field + header, "text\r\n"), "");
  EXPECT_NE(verdict(field + header, "texT\r\n"), "");
  EXPECT_NE(verdict(field + header + "Subject: other\r\n", "text\r\n"), "");
  EXPECT_NE(verdict(field + "From: evil@example.net\r\n" + header, "text\r\n"), "");
  EXPECT_NE(verdict(header, "text\r\n"), "") << "no signature";
}

TEST_F(AgainstOpendkim, another_record_does_not_do) {
  const auto signed_header = sign(header, "") + header;
  const auto other = test::rsa(1024);
  for (const std::string& record :
       {std::string(), std::string("v=spf1 -all"), std::string("v=DKIM1; p="), record_.substr(0, 200),
        record_ + std::string(1024, ' '), key_record(PrivateKey(Key(EVP_PKEY_dup(other.get()))))}) {
    EXPECT_FALSE(Verifier::shared().verify(signed_header, "", record)) << record;
  }
}

std::string pick(std::mt19937& random, std::initializer_list<std::string_view> words, int most) {
  std::string out;
  for (auto n = random() % static_cast<unsigned>(most); n > 0; --n)
    out += *(words.begin() + random() % words.size());
  return out;
}

TEST_F(AgainstOpendkim, it_agrees_on_messages_of_chance) {
  std::mt19937 random(1);  // NOLINT: the same messages in every run
  for (int i = 0; i < 200; ++i) {
    std::string head = "From:" + pick(random, {" ", "\t", "\r\n ", "a", "B"}, 12) + "<a@example.com>\t\r\n";
    for (const std::string name : {"To", "tO", "SUBJECT ", "References", "Subject", "Cc", "X-Other", "Cc"}) {
      if (random() % 2 == 0)
        head += name + ":" + pick(random, {" ", "\t", "\r\n\t", "a", "\xC3\xA4", ";", ":"}, 12) + "x\r\n";
    }
    const auto body = pick(random, {" ", "\t", "\r\n", "\r\n", "word", ".", "\xFF"}, 60) + "\r\n";
    ASSERT_EQ(verdict(sign(head, body) + head, body), "") << head << body;
  }
}

TEST_F(AgainstOpendkim, threads_share_the_verifier) {
  const auto good = sign(header, "x\r\n") + header;
  std::vector<std::thread> threads;
  std::vector<int> passed(4);
  for (int& count : passed) {
    threads.emplace_back([&count, &good, this] {
      for (int i = 0; i < 20; ++i) {
        count += verdict(good, "x\r\n").empty() ? 1 : 0;
        count += verdict(good, "y\r\n").empty() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, std::vector<int>(4, 20));
}

TEST_F(AgainstOpendkim, a_key_is_proved_with_its_own_record_only) {
  EXPECT_TRUE(prove(key_, record_));
  const auto other = test::rsa(2048);
  EXPECT_FALSE(prove(key_, key_record(PrivateKey(Key(EVP_PKEY_dup(other.get()))))));
}

}  // namespace
}  // namespace postern::dkim
