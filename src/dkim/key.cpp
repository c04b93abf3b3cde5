#include "key.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "postern/base/text.hpp"

namespace postern::dkim {

namespace {

constexpr std::size_t max_key_file = 64 * 1024;
constexpr std::size_t max_name = 253;   // RFC 1035 2.3.4, as text
constexpr int min_bits = 1024;          // RFC 8301 3.2: verifiers refuse less; SES likewise
constexpr int recommended_bits = 2048;  // RFC 8301 3.2: signers SHOULD
constexpr std::string_view make_one = "make one: openssl genrsa -out FILE 2048";

class File {
 public:
  explicit File(const std::string& name) : fd_(open(name.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// d= and s= go into the field as they are (RFC 6376 3.5).
bool is_dns_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= max_name && !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

std::string prefix(const KeySpec& spec) {
  return "dkim key of " + spec.domain + ", " + spec.key_file + ": ";
}

base::Error bad_key(const KeySpec& spec, std::string_view what) {
  return base::fail(base::Errc::invalid, prefix(spec) + std::string(what));
}

base::Result<std::string> read_all(const KeySpec& spec, int fd) {
  std::string text;
  std::array<char, 4096> portion{};
  while (text.size() <= max_key_file) {
    const ssize_t n = read(fd, portion.data(), portion.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::system_error(prefix(spec) + "cannot be read", errno);
    if (n == 0) return text;
    text.append(portion.data(), static_cast<std::size_t>(n));
  }
  return bad_key(spec, "is too large for a key file");
}

void warn_about_mode(const KeySpec& spec, int fd, std::vector<std::string>& warnings) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || (status.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) == 0) return;
  warnings.push_back(prefix(spec) + "others than its owner may read or change it; chmod 0600 (or 0640)");
}

base::Result<std::string> read_file(const KeySpec& spec, std::vector<std::string>& warnings) {
  const File file(spec.key_file);
  if (file.fd() < 0) {
    const int number = errno;
    auto error = base::system_error(prefix(spec) + "cannot be opened", number);
    if (number == EACCES) error.message += "; it must be readable by the user that postern runs as";
    return error;
  }
  warn_about_mode(spec, file.fd(), warnings);
  return read_all(spec, file.fd());
}

// An encrypted key must fail, not ask at the terminal of a daemon, which is what OpenSSL does by itself.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::string why_not_parsed(std::string_view text) {
  if (text.find("ENCRYPTED") != std::string_view::npos)
    return "is encrypted; remove the passphrase: openssl rsa -in FILE -out FILE.plain";
  if (text.find("-----BEGIN PUBLIC KEY") != std::string_view::npos)
    return "is a public key; the private key is needed";
  if (text.find("-----BEGIN") == std::string_view::npos)
    return "is not a private key in PEM form; " + std::string(make_one);
  return "is a damaged private key" + take_openssl_error();
}

base::Result<Key> parse(const KeySpec& spec, const std::string& text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (key) return key;
  const auto why = why_not_parsed(text);
  ERR_clear_error();
  return bad_key(spec, why);
}

// SES takes one DKIM-Signature only, so that an Ed25519 one would leave receivers that don't know it (most)
// without any.
base::Result<void> check_kind(const KeySpec& spec, EVP_PKEY* key, std::vector<std::string>& warnings) {
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_ED25519)
    return bad_key(spec, "Ed25519 keys are not supported, most receivers do not verify them; " +
                             std::string("use RSA of 2048 bits: openssl genrsa -out FILE 2048"));
  if (kind != EVP_PKEY_RSA)
    return bad_key(spec, "is not an RSA key, which is what DKIM needs; " + std::string(make_one));
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < min_bits)
    return bad_key(spec, "has " + std::to_string(bits) + " bits, receivers ignore signatures of less than " +
                             std::to_string(min_bits) + "; " + std::string(make_one));
  if (bits < recommended_bits || bits > portable_bits)
    warnings.push_back(prefix(spec) + "has " + std::to_string(bits) + " bits; 2048 is recommended");
  return {};
}

// Signs and verifies: a file with a changed byte may still parse.
bool can_sign(EVP_PKEY* key) {
  constexpr std::string_view text = "postern";
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::vector<unsigned char> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t length = signature.size();
  const DigestContext sign(EVP_MD_CTX_new());
  const DigestContext verify(EVP_MD_CTX_new());
  const bool good = EVP_DigestSignInit(sign.get(), nullptr, sha256_digest(), nullptr, key) == 1 &&
                    EVP_DigestSign(sign.get(), signature.data(), &length, data, text.size()) == 1 &&
                    EVP_DigestVerifyInit(verify.get(), nullptr, sha256_digest(), nullptr, key) == 1 &&
                    EVP_DigestVerify(verify.get(), signature.data(), length, data, text.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

std::string normal_form(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return base::to_lower(domain);
}

base::Result<SigningKey> load_key(const KeySpec& spec, std::vector<std::string>& warnings) {
  const auto domain = normal_form(spec.domain);
  const auto selector = base::to_lower(spec.selector);
  if (!is_dns_name(domain)) return base::fail(base::Errc::invalid, "dkim: no domain name: " + spec.domain);
  if (!is_dns_name(selector))
    return base::fail(base::Errc::invalid, "dkim: no selector for " + domain + ": '" + spec.selector + "'");
  const auto text = read_file(spec, warnings);
  if (!text) return text.error();
  auto key = parse(spec, *text);
  if (!key) return key.error();
  const auto kind = check_kind(spec, key->get(), warnings);
  if (!kind) return kind.error();
  if (!can_sign(key->get()))
    return bad_key(spec, "cannot sign: its parts do not fit together; restore it from a copy");
  return SigningKey{domain, selector, PrivateKey(std::move(*key))};
}

}  // namespace postern::dkim
