#include "postern/dkim/signer.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "body_guard.hpp"
#include "engine_pool.hpp"
#include "key.hpp"
#include "opendkim.hpp"
#include "postern/mail/address.hpp"
#include "postern/mail/header_block.hpp"
#include "signed_fields.hpp"

namespace postern::dkim {

namespace {

constexpr std::size_t max_name = 253;  // RFC 1035 2.3.4, as text

// Names are compared without case; "example.com." is example.com.
std::string normal_form(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return mail::to_lower(domain);
}

// d= and s= go into the field as they are (RFC 6376 3.5).
bool is_dns_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= max_name && !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

struct Entry {
  KeySpec spec;
  SigningKey key;
};

class OpendkimSigner final : public Signer {
 public:
  base::Result<void> add(const KeySpec& spec);
  const KeySpec* key_for(std::string_view from_domain) const override;
  base::Result<std::string> sign(std::string_view from_domain, std::string_view header,
                                 const BodySource& body, base::WallTime now) const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  const Entry* find(std::string_view from_domain) const;
  base::Result<std::string> sign(const Entry& entry, std::string_view header, const BodySource& body,
                                 base::WallTime now) const;

  std::map<std::string, Entry, std::less<>> keys_;  // by domain in normal form
  std::vector<std::string> warnings_;
  mutable EnginePool engines_;
};

const Entry* OpendkimSigner::find(std::string_view from_domain) const {
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

const KeySpec* OpendkimSigner::key_for(std::string_view from_domain) const {
  const auto* entry = find(from_domain);
  return entry == nullptr ? nullptr : &entry->spec;
}

base::Result<std::string> OpendkimSigner::sign(std::string_view from_domain, std::string_view header,
                                               const BodySource& body, base::WallTime now) const {
  const auto* entry = find(from_domain);
  if (entry == nullptr)
    return base::fail(base::Errc::not_found, "no DKIM key for " + std::string(from_domain));
  return sign(*entry, header, body, now);
}

// The body as it goes out: checked, its last line complete.
BodySource guarded(const BodySource& body, BodyGuard& guard) {
  return [&body, &guard, ended = false]() mutable -> base::Result<std::string_view> {
    if (ended) return std::string_view();
    const auto portion = body();
    if (!portion) return portion.error();
    ended = portion->empty();
    if (ended) return guard.completion();
    const auto good = guard.look(*portion);
    if (!good) return good.error();
    return *portion;
  };
}

base::Result<std::string> OpendkimSigner::sign(const Entry& entry, std::string_view header,
                                               const BodySource& body, base::WallTime now) const {
  // Fields too large to be signed are left out by signed_fields, unless From is one.
  const auto block = mail::HeaderBlock::parse(header, std::numeric_limits<std::size_t>::max());
  if (!block) return block.error();
  const auto fields = signed_fields(*block);
  if (!fields) return fields.error();
  auto engine = engines_.take();
  if (!engine) return engine.error();
  const EnginePool::Loan loan(engines_, std::move(*engine));
  BodyGuard guard;
  return (*loan).sign(entry.key, *fields, guarded(body, guard), now);
}

base::Result<void> OpendkimSigner::add(const KeySpec& spec) {
  const std::string domain = normal_form(spec.domain);
  const std::string selector = mail::to_lower(spec.selector);
  if (!is_dns_name(domain)) return base::fail(base::Errc::invalid, "dkim: no domain name: " + spec.domain);
  if (!is_dns_name(selector))
    return base::fail(base::Errc::invalid, "dkim: no selector for " + domain + ": '" + spec.selector + "'");
  if (keys_.contains(domain))
    return base::fail(base::Errc::exists,
                      "dkim: two keys for " + domain + "; SES takes one signature, so only one can be used");
  auto key = load_key(spec, warnings_);
  if (!key) return key.error();
  const auto& entry = keys_.emplace(domain, Entry{spec, {domain, selector, std::move(*key)}}).first->second;
  bool given = false;
  const BodySource body = [&given]() -> base::Result<std::string_view> {
    return std::string_view(std::exchange(given, true) ? "" : "proof\r\n");
  };
  const auto proof = sign(entry, "From: proof@" + domain + "\r\n", body, base::WallTime());
  if (!proof)
    return base::fail(base::Errc::invalid,
                      "dkim key of " + domain + ", " + spec.key_file + ": " + proof.error().message);
  return {};
}

}  // namespace

base::Result<std::shared_ptr<const Signer>> Signer::create(const std::vector<KeySpec>& keys) {
  auto signer = std::make_shared<OpendkimSigner>();
  for (const auto& spec : keys) {
    const auto added = signer->add(spec);
    if (!added) return added.error();
  }
  return std::shared_ptr<const Signer>(std::move(signer));
}

}  // namespace postern::dkim
