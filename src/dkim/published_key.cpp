#include "postern/dkim/published_key.hpp"

#include <openssl/x509.h>

#include <array>
#include <optional>

#include "key_record.hpp"
#include "proof.hpp"

namespace postern::dkim {

namespace {

constexpr std::size_t max_string = 255;  // RFC 1035 3.3
constexpr int min_bits = 1024;           // RFC 8301 3.2

using Finding = std::optional<KeyFinding>;

Finding finding(KeyVerdict verdict, std::string reason) {
  return KeyFinding{verdict, std::move(reason)};
}

Finding check_count(const std::vector<std::string>& records) {
  if (records.empty()) return finding(KeyVerdict::no_record, "there is no TXT record");
  if (records.size() == 1) return {};
  return finding(KeyVerdict::several, "there are " + std::to_string(records.size()) +
                                          " TXT records; receivers take any of them, or none");
}

// What the tags beside p= forbid.
Finding check_tags(const KeyRecord& record) {
  const std::string type(record.value("k"));
  if (record.value("p").empty()) return finding(KeyVerdict::revoked, "p= is empty: the key has been revoked");
  if (record.has("k") && type != "rsa")
    return finding(KeyVerdict::wrong_type, "k=" + type + ", the private key is RSA");
  if (record.has("h") && !record.lists("h", "sha256"))
    return finding(KeyVerdict::no_sha256, "h= leaves sha256 out, with which postern signs");
  if (record.has("s") && !record.lists("s", "*") && !record.lists("s", "email"))
    return finding(KeyVerdict::not_email, "s= does not name email");
  return {};
}

// The key without its envelope (RFC 8017 RSAPublicKey): the wording of RFC 6376 permits it, its examples and
// many receivers don't.
bool is_bare_key(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Key key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  take_openssl_error();
  return key != nullptr;
}

Key parse_key(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  take_openssl_error();
  const bool whole = at == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
  return whole ? std::move(key) : Key();
}

Finding check_key(const PrivateKey& ours, std::string_view data) {
  const auto der = decode_key_data(data);
  if (!der) return finding(KeyVerdict::syntax, der.error().message);
  const Key key = parse_key(*der);
  if (!key && is_bare_key(*der))
    return finding(KeyVerdict::syntax, "p= is an RSAPublicKey without SubjectPublicKeyInfo around it");
  if (!key) return finding(KeyVerdict::syntax, "p= is not a public key, or has been cut off");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return finding(KeyVerdict::wrong_type, "p= is not an RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < min_bits)
    return finding(KeyVerdict::too_short, "the published key has " + std::to_string(bits) +
                                              " bits, receivers ignore less than 1024");
  if (!ours.has_public_part(key.get()))
    return finding(KeyVerdict::differs, "the published key belongs to another private key");
  return {};
}

KeyFinding check_flags(const KeyRecord& record, bool subdomains) {
  if (record.lists("t", "y"))
    return {KeyVerdict::testing, "t=y: the domain is testing DKIM, receivers may take the mail for unsigned"};
  if (subdomains && record.lists("t", "s"))
    return {KeyVerdict::no_subdomains,
            "t=s forbids identities (i=) of subdomains, for which the key signs too; "
            "postern writes no i=, so the signatures verify"};
  return {};
}

}  // namespace

std::string_view to_string(KeyVerdict verdict) {
  constexpr std::array<std::string_view, 13> names{
      "ok",         "testing",   "no subdomains", "no record", "several records", "syntax error", "revoked",
      "wrong type", "no sha256", "not for email", "too short", "key differs",     "not verified"};
  return names.at(static_cast<std::size_t>(verdict));
}

base::Result<PublishedKey> PublishedKey::load(const KeySpec& spec) {
  std::vector<std::string> warnings;
  auto key = load_key(spec, warnings);
  if (!key) return key.error();
  return PublishedKey(std::make_shared<const SigningKey>(std::move(*key)), spec.subdomains);
}

std::string PublishedKey::name() const {
  return key_->selector + "._domainkey." + key_->domain;
}

std::string PublishedKey::text() const {
  return key_record(key_->key);
}

std::string PublishedKey::zone_line() const {
  std::string out = name() + ". TXT";
  const std::string all = text();
  for (std::size_t begin = 0; begin < all.size(); begin += max_string)
    out += " \"" + all.substr(begin, max_string) + "\"";
  return out;
}

KeyFinding PublishedKey::check(const std::vector<std::string>& records) const {
  if (auto found = check_count(records)) return *found;
  const auto record = parse_key_record(records.front());
  if (!record) return {KeyVerdict::syntax, record.error().message};
  if (auto found = check_tags(*record)) return *found;
  if (auto found = check_key(key_->key, record->value("p"))) return *found;
  const auto proof = prove(*key_, records.front());
  if (!proof) return {KeyVerdict::not_verified, proof.error().message};
  return check_flags(*record, subdomains_);
}

}  // namespace postern::dkim
