#include "support/test_ca.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace postern::support {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("TestCa: ") + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  check(key != nullptr, "key");
  return key;
}

void add_extension(X509& certificate, X509& issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  check(extension != nullptr, "extension");
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid from yesterday for ten days.
Certificate make_certificate(const std::string& common_name, EVP_PKEY& key, long serial) {
  constexpr long day = 24 * 60 * 60;
  Certificate out(X509_new(), X509_free);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -day);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 10 * day);
  X509_set_pubkey(out.get(), &key);
  const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC, bytes, -1, -1, 0);
  return out;
}

template <class Write>
std::string write_pem(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  check(file != nullptr, "cannot write");
  const bool written = write(file) == 1;
  check(std::fclose(file) == 0 && written, "cannot write");
  return path;
}

}  // namespace

struct TestCa::Impl {
  Key key = make_key();
  Certificate certificate{nullptr, X509_free};
  long serial = 1;
};

TestCa::TestCa(const TempDir& directory, const std::string& name)
    : directory_(directory), impl_(std::make_unique<Impl>()) {
  impl_->certificate = make_certificate(name, *impl_->key, impl_->serial++);
  X509& self = *impl_->certificate;
  X509_set_issuer_name(&self, X509_get_subject_name(&self));
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(&self, impl_->key.get(), EVP_sha256()) > 0, "sign");
  file_ = write_pem(directory.file(name + ".pem"), [&](FILE* f) { return PEM_write_X509(f, &self); });
}

TestCa::~TestCa() = default;

TestCa::Files TestCa::issue(const std::string& subject_names) const {
  const long serial = impl_->serial++;
  const Key key = make_key();
  const Certificate certificate = make_certificate("server", *key, serial);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(impl_->certificate.get()));
  add_extension(*certificate, *impl_->certificate, NID_subject_alt_name, subject_names);
  check(X509_sign(certificate.get(), impl_->key.get(), EVP_sha256()) > 0, "sign");
  const std::string base = directory_.file("server-" + std::to_string(serial));
  return {write_pem(base + ".pem", [&](FILE* f) { return PEM_write_X509(f, certificate.get()); }),
          write_pem(base + ".key", [&](FILE* f) {
            return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace postern::support
