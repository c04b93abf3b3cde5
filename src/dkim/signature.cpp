#include "signature.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "canonical.hpp"
#include "postern/base/text.hpp"
#include "postern/mail/header_block.hpp"
#include "sha256.hpp"
#include "signature_field.hpp"
#include "signed_fields.hpp"

namespace postern::dkim {

namespace {

using Fields = std::vector<std::string_view>;

base::Error no_digest() {
  return base::fail(base::Errc::unavailable, "SHA-256 failed" + take_openssl_error());
}

base::Result<std::string> body_hash(const BodySource& body) {
  Sha256 hash;
  RelaxedBody relaxed([&hash](std::string_view bytes) { hash.update(bytes); });
  for (;;) {
    const auto portion = body();
    if (!portion) return portion.error();
    if (portion->empty()) break;
    if (!relaxed.feed(*portion)) return base::fail(base::Errc::invalid, "the body has a bare CR or LF");
  }
  relaxed.finish();
  auto digest = hash.finish();
  if (digest.empty()) return no_digest();
  return digest;
}

std::string_view name_of(std::string_view field) {
  const auto name = field.substr(0, field.find(':'));
  return name.substr(0, name.find_last_not_of(" \t") + 1);
}

std::vector<std::string_view> names_of(const Fields& fields) {
  std::vector<std::string_view> out;
  out.reserve(fields.size() + 1);
  for (const auto field : fields) out.push_back(name_of(field));
  return out;
}

// A verifier takes the instances of a name from the bottom, whatever the order of h= (RFC 6376 5.4.2).
Fields in_order_of_hashing(const Fields& fields, const std::vector<std::string_view>& names) {
  Fields out;
  std::vector<bool> used(fields.size());
  for (const auto name : names) {
    for (std::size_t i = fields.size(); i-- > 0;) {
      if (used[i] || !base::equals_ignoring_case(names[i], name)) continue;
      used[i] = true;
      out.push_back(fields[i]);
      break;
    }
  }
  return out;
}

// RFC 6376 3.7: the fields, then our own without the value of b= and without CRLF.
std::string header_hash(const Fields& fields, std::string_view own) {
  std::string text;
  for (const auto field : fields) {
    append_relaxed_field(field, text);
    text += "\r\n";
  }
  append_relaxed_field(own, text);
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

base::Result<std::string> sign_fields(const SigningKey& key, const Fields& fields, std::string_view body,
                                      base::WallTime now) {
  const auto time = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  SignatureTags tags{key.domain, key.selector, std::max<std::int64_t>(time, 0), base64(body),
                     names_of(fields)};
  const auto order = in_order_of_hashing(fields, tags.names);
  // Once more than there is one: a From put above ours breaks the signature (RFC 6376 8.15). Nothing else,
  // since SES adds fields of its own.
  tags.names.push_back("From");
  auto field = unsigned_field(tags);
  const auto digest = header_hash(order, field);
  if (digest.empty()) return no_digest();
  const auto signature = key.key.sign(digest);
  if (!signature) return signature.error();
  return signed_field(std::move(field), base64(*signature));
}

}  // namespace

base::Result<std::string> make_signature(const SigningKey& key, std::string_view header,
                                         const BodySource& body, base::WallTime now) {
  // Fields too large to be signed are left out by signed_fields, unless From is one.
  const auto block = mail::HeaderBlock::parse(header, std::numeric_limits<std::size_t>::max());
  if (!block) return block.error();
  const auto fields = signed_fields(*block);
  if (!fields) return fields.error();
  const auto hash = body_hash(body);
  if (!hash) return hash.error();
  return sign_fields(key, *fields, *hash, now);
}

}  // namespace postern::dkim
