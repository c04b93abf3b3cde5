#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "files.hpp"
#include "identity.hpp"

namespace postern::sandbox {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long valid_seconds = 10L * 365 * 24 * 3600;
constexpr long backdated_seconds = 24 * 3600;  // for a client whose clock is behind

struct Signed {
  Key key;
  Certificate certificate;
};

// The hosts that SES has for a region; the first is the subject.
struct Endpoints {
  std::string smtp, api;
};

Endpoints endpoints_of(const Options& options) {
  const auto domain = "." + options.region + ".amazonaws.com";
  return {"email-smtp" + domain, "email" + domain};
}

std::time_t seconds_of(base::WallTime when) {
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  unsigned char bytes[8];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  std::uint64_t serial = 0;
  for (const auto byte : bytes) serial = serial << 8 | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1;
}

bool set_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1;
}

bool set_times(X509* certificate, base::WallTime now) {
  auto from = seconds_of(now) - backdated_seconds, to = seconds_of(now) + valid_seconds;
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), to) != nullptr;
}

// Key and certificate without extensions and signature.
Signed prepare(const std::string& name, base::WallTime now) {
  Signed made{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  auto* certificate = made.certificate.get();
  const bool good = made.key && certificate != nullptr &&
                    X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
                    set_name(certificate, name) && set_times(certificate, now) &&
                    X509_set_pubkey(certificate, made.key.get()) == 1;
  return good ? std::move(made) : Signed{};
}

bool issue(X509* certificate, const Signed& issuer) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get())) == 1 &&
         add_extension(certificate, issuer.certificate.get(), NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer.certificate.get(), NID_authority_key_identifier, "keyid") &&
         X509_sign(certificate, issuer.key.get(), EVP_sha256()) > 0;
}

Signed make_ca(base::WallTime now) {
  auto ca = prepare("postern-sandbox CA", now);
  if (!ca.key) return {};
  auto* certificate = ca.certificate.get();
  const bool good = add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
                    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign") &&
                    issue(certificate, ca);
  return good ? std::move(ca) : Signed{};
}

Signed make_server(const Signed& ca, const Endpoints& endpoints, base::WallTime now) {
  auto server = prepare(endpoints.smtp, now);
  if (!server.key) return {};
  auto* certificate = server.certificate.get();
  auto* issuer = ca.certificate.get();
  const auto names = "DNS:localhost,DNS:" + endpoints.smtp + ",DNS:" + endpoints.api + ",IP:127.0.0.1,IP:::1";
  const bool good = add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
                    add_extension(certificate, issuer, NID_subject_alt_name, names) && issue(certificate, ca);
  return good ? std::move(server) : Signed{};
}

std::string take_text(const Bio& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(const Certificate& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  return PEM_write_bio_X509(bio.get(), certificate.get()) == 1 ? take_text(bio) : std::string();
}

std::string to_pem(const Key& key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  const bool good =
      PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return good ? take_text(bio) : std::string();
}

base::Error openssl_error() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return base::fail(base::Errc::tls, std::string("making the certificate: ") + text);
}

base::Result<void> make_files(const TlsFiles& files, const Endpoints& endpoints, base::WallTime now) {
  const auto ca = make_ca(now);
  if (!ca.key) return openssl_error();
  const auto server = make_server(ca, endpoints, now);
  if (!server.key) return openssl_error();
  const auto ca_pem = to_pem(ca.certificate);
  auto written = write_file(files.key, to_pem(server.key), 0600);
  if (written) written = write_file(files.certificate, to_pem(server.certificate) + ca_pem);
  if (written) written = write_file(files.ca, ca_pem);
  return written;
}

bool is_for(X509* certificate, const std::string& host) {
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

bool still_good(const TlsFiles& files, const Endpoints& endpoints, base::WallTime now) {
  const auto text = read_file(files.certificate);
  if (!text || !read_file(files.ca) || !read_file(files.key)) return false;
  const Bio bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate || !is_for(certificate.get(), endpoints.smtp) || !is_for(certificate.get(), endpoints.api))
    return false;
  auto time = seconds_of(now);
  return X509_cmp_time(X509_get0_notAfter(certificate.get()), &time) > 0;
}

}  // namespace

base::Result<TlsFiles> load_tls_files(const Options& options, base::WallTime now) {
  const auto directory = options.data + "/tls";
  if (const auto made = make_directory(directory); !made) return made.error();
  TlsFiles files{directory + "/ca.pem", directory + "/server.pem", directory + "/server.key"};
  const auto endpoints = endpoints_of(options);
  if (still_good(files, endpoints, now)) return files;
  if (const auto made = make_files(files, endpoints, now); !made) return made.error();
  return files;
}

}  // namespace postern::sandbox
