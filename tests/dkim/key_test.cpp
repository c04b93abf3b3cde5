#include "dkim/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "dkim/keys.hpp"
#include "support/temp_dir.hpp"

namespace postern::dkim {
namespace {

class DkimKey : public testing::Test {
 protected:
  KeySpec file(std::string_view content, mode_t mode = 0600) {
    const auto name = test::write_file(dir_.file("key.pem"), content);
    EXPECT_EQ(chmod(name.c_str(), mode), 0);
    return {"example.com", "s1", name, true};
  }
  // The error's text, "" when the key is taken.
  std::string refusal(const KeySpec& spec) {
    const auto signer = Signer::create({spec});
    return signer ? "" : signer.error().message;
  }
  std::string refusal(std::string_view content) { return refusal(file(content)); }
  std::vector<std::string> warnings(const KeySpec& spec) {
    return Signer::create({spec}).value()->warnings();
  }

  support::TempDir dir_;
};

testing::Matcher<std::string> says(const std::string& text) {
  return testing::HasSubstr(text);
}

TEST_F(DkimKey, every_usual_form_is_taken) {
  const std::string good = test::pem(test::shared_rsa());
  EXPECT_EQ(refusal(good), "");
  EXPECT_EQ(refusal("made by hand, 2026\n\n" + good + "\n# end\n"), "");
  std::string crlf;
  for (const char c : good) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(refusal(crlf), "");
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey_traditional(bio, test::shared_rsa(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  EXPECT_EQ(refusal(std::string_view(data, static_cast<std::size_t>(size))), "");
  BIO_free(bio);
}

TEST_F(DkimKey, a_missing_file_is_named) {
  const auto text = refusal(KeySpec{"example.com", "s1", dir_.file("none.pem"), true});
  EXPECT_THAT(text, says("none.pem"));
  EXPECT_THAT(text, says("example.com"));
  EXPECT_THAT(text, says("No such file"));
}

TEST_F(DkimKey, an_unreadable_file_tells_the_remedy) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads every file";
  EXPECT_THAT(refusal(file(test::pem(test::shared_rsa()), 0)), says("readable by the user"));
}

TEST_F(DkimKey, what_is_no_key_is_refused) {
  EXPECT_THAT(refusal(""), says("not a private key in PEM form"));
  EXPECT_THAT(refusal("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"), says("not a private key in PEM form"));
  EXPECT_THAT(refusal(test::public_pem(test::shared_rsa())), says("public key"));
  EXPECT_THAT(refusal(std::string(70000, 'x')), says("too large"));
  EXPECT_THAT(refusal(KeySpec{"example.com", "s1", dir_.path(), true}), says("cannot be read"));
  auto damaged = test::pem(test::shared_rsa());
  damaged.erase(400, 300);
  EXPECT_THAT(refusal(damaged), says("damaged"));
}

TEST_F(DkimKey, an_encrypted_key_is_refused_without_asking) {
  EXPECT_THAT(refusal(test::pem(test::shared_rsa(), "secret")), says("encrypted"));
}

TEST_F(DkimKey, other_kinds_are_refused_with_the_remedy) {
  const test::Key ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  EXPECT_THAT(refusal(test::pem(ed25519.get())), says("Ed25519 keys are not supported"));
  EXPECT_THAT(refusal(test::pem(ed25519.get())), says("openssl genrsa"));
  const test::Key ec(EVP_EC_gen("P-256"), EVP_PKEY_free);
  EXPECT_THAT(refusal(test::pem(ec.get())), says("not an RSA key"));
}

TEST_F(DkimKey, short_keys_are_refused_or_warned_about) {
  const auto bits_512 = test::rsa(512);
  EXPECT_THAT(refusal(test::pem(bits_512.get())), says("512 bits"));
  const auto bits_1024 = test::rsa(1024);
  EXPECT_THAT(warnings(file(test::pem(bits_1024.get()))), testing::ElementsAre(says("1024 bits")));
}

// The private half of one key, e of another: it parses, but what it signs does not verify.
test::Key mixed_up() {
  constexpr std::array names{OSSL_PKEY_PARAM_RSA_N,           OSSL_PKEY_PARAM_RSA_D,
                             OSSL_PKEY_PARAM_RSA_FACTOR1,     OSSL_PKEY_PARAM_RSA_FACTOR2,
                             OSSL_PKEY_PARAM_RSA_EXPONENT1,   OSSL_PKEY_PARAM_RSA_EXPONENT2,
                             OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  OSSL_PARAM_BLD* parts = OSSL_PARAM_BLD_new();
  std::vector<BIGNUM*> numbers;
  for (const char* name : names) {
    EVP_PKEY_get_bn_param(test::shared_rsa(), name, &numbers.emplace_back(nullptr));
    OSSL_PARAM_BLD_push_BN(parts, name, numbers.back());
  }
  OSSL_PARAM_BLD_push_ulong(parts, OSSL_PKEY_PARAM_RSA_E, 3);
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(parts);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(parts);
  for (BIGNUM* number : numbers) BN_free(number);
  return test::Key(key, EVP_PKEY_free);
}

TEST_F(DkimKey, a_key_whose_parts_do_not_fit_is_refused) {
  EXPECT_THAT(refusal(test::pem(mixed_up().get())), says("do not fit together"));
}

TEST_F(DkimKey, others_that_may_read_it_are_warned_about) {
  const auto text = test::pem(test::shared_rsa());
  EXPECT_TRUE(warnings(file(text, 0600)).empty());
  EXPECT_TRUE(warnings(file(text, 0640)).empty()) << "a group for secrets is usual";
  EXPECT_THAT(warnings(file(text, 0644)), testing::ElementsAre(says("chmod 0600")));
  EXPECT_THAT(warnings(file(text, 0660)), testing::ElementsAre(says("chmod 0600")));
}

TEST_F(DkimKey, names_that_cannot_stand_in_the_field_are_refused) {
  auto spec = file(test::pem(test::shared_rsa()));
  for (const std::string domain : {"", "a b", "example.com; x=1", ".example.com", "a..b",
                                   "b\xC3\xBC"
                                   "cher.de"}) {
    spec.domain = domain;
    EXPECT_THAT(refusal(spec), says("no domain name")) << domain;
  }
  spec.domain = "example.com";
  for (const std::string selector : {"", "a b", "s1;", "s1."}) {
    spec.selector = selector;
    EXPECT_THAT(refusal(spec), says("no selector")) << selector;
  }
}

TEST_F(DkimKey, two_keys_for_a_domain_are_refused) {
  const auto spec = file(test::pem(test::shared_rsa()));
  auto other = spec;
  other.domain = "EXAMPLE.com.";
  const auto signer = Signer::create({spec, other});
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, base::Errc::exists);
}

}  // namespace
}  // namespace postern::dkim
