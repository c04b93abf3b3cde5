#include "postern/dkim/signer.hpp"

#include <map>

#include "key.hpp"
#include "postern/mail/address.hpp"
#include "proof.hpp"
#include "signature.hpp"

namespace postern::dkim {

namespace {

struct Entry {
  KeySpec spec;
  SigningKey key;
};

class KeyTable final : public Signer {
 public:
  base::Result<void> add(const KeySpec& spec);
  const KeySpec* key_for(std::string_view from_domain) const override;
  base::Result<std::string> sign(std::string_view from_domain, std::string_view header,
                                 const BodySource& body, base::WallTime now) const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  const Entry* find(std::string_view from_domain) const;

  std::map<std::string, Entry, std::less<>> keys_;  // by domain in normal form
  std::vector<std::string> warnings_;
};

const Entry* KeyTable::find(std::string_view from_domain) const {
  const std::string wanted = normal_form(from_domain);
  std::string_view name = wanted;
  for (;;) {
    const auto found = keys_.find(name);
    const bool own = name.size() == wanted.size();
    if (found != keys_.end() && (own || found->second.spec.subdomains)) return &found->second;
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    name.remove_prefix(dot + 1);
  }
}

const KeySpec* KeyTable::key_for(std::string_view from_domain) const {
  const auto* entry = find(from_domain);
  return entry == nullptr ? nullptr : &entry->spec;
}

base::Result<std::string> KeyTable::sign(std::string_view from_domain, std::string_view header,
                                         const BodySource& body, base::WallTime now) const {
  const auto* entry = find(from_domain);
  if (entry == nullptr)
    return base::fail(base::Errc::not_found, "no DKIM key for " + std::string(from_domain));
  return make_signature(entry->key, header, body, now);
}

base::Result<void> KeyTable::add(const KeySpec& spec) {
  const std::string domain = normal_form(spec.domain);
  if (keys_.contains(domain))
    return base::fail(base::Errc::exists,
                      "dkim: two keys for " + domain + "; SES takes one signature, so only one can be used");
  auto key = load_key(spec, warnings_);
  if (!key) return key.error();
  // The record of a larger key is longer than libopendkim reads; load_key has warned of it.
  if (key->key.bits() <= portable_bits) {
    const auto proof = prove(*key, key_record(key->key));
    if (!proof)
      return base::fail(base::Errc::invalid, "dkim key of " + domain + ", " + spec.key_file +
                                                 ": what it signs does not verify: " + proof.error().message);
  }
  keys_.emplace(domain, Entry{spec, std::move(*key)});
  return {};
}

}  // namespace

base::Result<std::shared_ptr<const Signer>> Signer::create(const std::vector<KeySpec>& keys) {
  auto signer = std::make_shared<KeyTable>();
  for (const auto& spec : keys) {
    const auto added = signer->add(spec);
    if (!added) return added.error();
  }
  return std::shared_ptr<const Signer>(std::move(signer));
}

const KeySpec* key_for_author(const Signer& signer, const std::vector<std::string>& from) {
  for (const auto& address : from) {
    if (const auto* key = signer.key_for(mail::domain_of(address))) return key;
  }
  return nullptr;
}

}  // namespace postern::dkim
