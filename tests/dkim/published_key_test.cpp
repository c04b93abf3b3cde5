#include "postern/dkim/published_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "dkim/keys.hpp"
#include "dkim/openssl.hpp"
#include "support/temp_dir.hpp"

namespace postern::dkim {
namespace {

std::string data_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  const auto out = base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

class DkimPublishedKey : public testing::Test {
 protected:
  PublishedKey load(EVP_PKEY* key = test::shared_rsa(), bool subdomains = true) {
    return PublishedKey::load({"Example.com.", "S1", test::write_file(file_, test::pem(key)), subdomains})
        .value();
  }
  KeyFinding check(const std::string& record) { return load().check({record}); }
  KeyVerdict verdict(const std::string& record) { return check(record).verdict; }

  support::TempDir dir_;
  std::string file_ = dir_.file("key.pem");
  std::string p_ = "p=" + data_of(test::shared_rsa());
};

TEST_F(DkimPublishedKey, what_is_to_be_published_is_found_good) {
  const auto key = load();
  EXPECT_EQ(key.name(), "s1._domainkey.example.com");
  EXPECT_EQ(key.text(), "v=DKIM1; k=rsa; " + p_);
  const auto found = key.check({key.text()});
  EXPECT_EQ(found.verdict, KeyVerdict::ok) << found.reason;
  EXPECT_EQ(found.reason, "");
  EXPECT_TRUE(found.verifies());
}

TEST_F(DkimPublishedKey, the_line_for_the_zone_has_strings_of_255_octets) {
  const auto key = load();
  const auto text = key.text();
  ASSERT_GT(text.size(), 255u);
  EXPECT_EQ(key.zone_line(),
            "s1._domainkey.example.com. TXT \"" + text.substr(0, 255) + "\" \"" + text.substr(255) + "\"");
}

TEST_F(DkimPublishedKey, a_short_key_fits_one_string) {
  const auto bits_1024 = test::rsa(1024);
  const auto key = load(bits_1024.get());
  EXPECT_EQ(key.zone_line(), "s1._domainkey.example.com. TXT \"" + key.text() + "\"");
  EXPECT_EQ(key.check({key.text()}).verdict, KeyVerdict::ok);
}

TEST_F(DkimPublishedKey, usual_ways_to_write_it_are_good) {
  for (const auto& record : {p_, p_ + ";", "v=DKIM1;" + p_, " v = DKIM1 ; " + p_ + " ; ", "k=rsa;" + p_,
                             "v=DKIM1; h=sha1:SHA256; s=email; t=; n=a note, with = and such; " + p_,
                             "v=DKIM1; s= other : * ; x=1; " + p_})
    EXPECT_EQ(verdict(record), KeyVerdict::ok) << record << ": " << check(record).reason;
  auto spaced = p_;
  spaced.insert(100, " \t");
  EXPECT_EQ(verdict(spaced), KeyVerdict::ok);
}

TEST_F(DkimPublishedKey, none_or_several) {
  EXPECT_EQ(load().check({}).verdict, KeyVerdict::no_record);
  EXPECT_EQ(load().check({p_, p_}).verdict, KeyVerdict::several);
  EXPECT_EQ(load().check({p_, "v=spf1 -all"}).verdict, KeyVerdict::several);
  EXPECT_FALSE(load().check({p_, p_}).verifies());
}

TEST_F(DkimPublishedKey, revoked) {
  EXPECT_EQ(verdict("v=DKIM1; k=rsa; p="), KeyVerdict::revoked);
  EXPECT_EQ(verdict("p= ;"), KeyVerdict::revoked);
}

TEST_F(DkimPublishedKey, other_types_of_keys) {
  EXPECT_EQ(verdict("k=ed25519; " + p_), KeyVerdict::wrong_type);
  EXPECT_EQ(verdict("k=; " + p_), KeyVerdict::wrong_type);
  const test::Key ec(EVP_EC_gen("P-256"), EVP_PKEY_free);
  EXPECT_EQ(verdict("k=rsa; p=" + data_of(ec.get())), KeyVerdict::wrong_type);
}

TEST_F(DkimPublishedKey, other_keys_and_short_ones) {
  const auto other = test::rsa(1024);
  EXPECT_EQ(verdict("p=" + data_of(other.get())), KeyVerdict::differs);
  const auto tiny = test::rsa(512);
  EXPECT_EQ(verdict("p=" + data_of(tiny.get())), KeyVerdict::too_short);
  EXPECT_THAT(check("p=" + data_of(tiny.get())).reason, testing::HasSubstr("512 bits"));
}

TEST_F(DkimPublishedKey, restrictions_that_shut_us_out) {
  EXPECT_EQ(verdict("h=sha1; " + p_), KeyVerdict::no_sha256);
  EXPECT_EQ(verdict("h=; " + p_), KeyVerdict::no_sha256);
  EXPECT_EQ(verdict("s=tlsrpt; " + p_), KeyVerdict::not_email);
  EXPECT_EQ(verdict("s=; " + p_), KeyVerdict::not_email);
}

TEST_F(DkimPublishedKey, flags_are_warnings) {
  EXPECT_EQ(verdict("t=y; " + p_), KeyVerdict::testing);
  EXPECT_EQ(verdict("t=s:y; " + p_), KeyVerdict::testing);
  EXPECT_EQ(verdict("t=s; " + p_), KeyVerdict::no_subdomains);
  EXPECT_TRUE(check("t=s; " + p_).verifies());
  EXPECT_EQ(load(test::shared_rsa(), false).check({"t=s; " + p_}).verdict, KeyVerdict::ok);
}

TEST_F(DkimPublishedKey, what_is_no_key_record_says_why) {
  const auto reason = [this](const std::string& record) {
    const auto found = check(record);
    EXPECT_EQ(found.verdict, KeyVerdict::syntax) << record;
    return found.reason;
  };
  using testing::HasSubstr;
  EXPECT_THAT(reason(""), HasSubstr("no p="));
  EXPECT_THAT(reason("v=spf1 include:amazonses.com -all"), HasSubstr("v=spf1"));
  EXPECT_THAT(reason("v=dkim1; " + p_), HasSubstr("not DKIM1"));
  EXPECT_THAT(reason("k=rsa; v=DKIM1; " + p_), HasSubstr("first"));
  EXPECT_THAT(reason("v=DKIM1; k=rsa"), HasSubstr("no p="));
  EXPECT_THAT(reason("v=DKIM1\\; k=rsa\\; " + p_), HasSubstr("backslash"));
  EXPECT_THAT(reason("\"v=DKIM1; " + p_ + "\""), HasSubstr("tag=value"));
  EXPECT_THAT(reason("v=DKIM1;; " + p_), HasSubstr("tag=value"));
  EXPECT_THAT(reason("v=DKIM1; rsa; " + p_), HasSubstr("'rsa'"));
  EXPECT_THAT(reason("v=DKIM1; " + p_ + "; " + p_), HasSubstr("p= twice"));
  EXPECT_THAT(reason("v=DKIM1;\r\n " + p_), HasSubstr("line break"));
  EXPECT_THAT(reason("v=DKIM1; n=\xC3\xA4; " + p_), HasSubstr("printable"));
  EXPECT_THAT(reason("v=DKIM1; " + p_.substr(0, 255)), HasSubstr("cut off"));
  EXPECT_THAT(reason("v=DKIM1; " + p_.substr(0, 202)), HasSubstr("cut off"));
  EXPECT_THAT(reason(p_ + "AAAA"), HasSubstr("not a public key"));
  EXPECT_THAT(reason(p_ + "==="), HasSubstr("not base64"));
  EXPECT_THAT(reason("p=" + std::string(4000, '=')), HasSubstr("not base64"));
  EXPECT_THAT(reason("p=AAAA"), HasSubstr("not a public key"));
}

TEST_F(DkimPublishedKey, data_after_the_key_is_not_a_key) {
  const auto bits_1024 = test::rsa(1024);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(bits_1024.get(), &der);
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  EXPECT_EQ(load(bits_1024.get()).check({"p=" + base64(bytes)}).verdict, KeyVerdict::ok);
  EXPECT_EQ(load(bits_1024.get()).check({"p=" + base64(bytes + "more")}).verdict, KeyVerdict::syntax);
}

TEST_F(DkimPublishedKey, a_key_without_its_envelope_is_named) {
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(test::shared_rsa(), &der);
  const auto record = "p=" + base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  EXPECT_THAT(check(record).reason, testing::HasSubstr("RSAPublicKey"));
}

TEST_F(DkimPublishedKey, a_record_longer_than_opendkim_reads_does_not_verify) {
  const auto found = check("v=DKIM1; n=" + std::string(1024, 'n') + "; " + p_);
  EXPECT_EQ(found.verdict, KeyVerdict::not_verified);
  EXPECT_THAT(found.reason, testing::HasSubstr("1024"));
}

TEST_F(DkimPublishedKey, a_bad_key_file_is_an_error) {
  const auto none = PublishedKey::load({"example.com", "s1", dir_.file("none"), true});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, testing::HasSubstr("No such file"));
}

TEST(DkimKeyVerdict, has_a_word_for_each) {
  EXPECT_EQ(to_string(KeyVerdict::ok), "ok");
  EXPECT_EQ(to_string(KeyVerdict::several), "several records");
  EXPECT_EQ(to_string(KeyVerdict::not_verified), "not verified");
}

}  // namespace
}  // namespace postern::dkim
