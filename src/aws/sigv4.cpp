#include "postern/aws/sigv4.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "aws/uri.hpp"
#include "postern/base/text.hpp"
#include "postern/net/http_server.hpp"

namespace postern::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

using Digest = std::array<unsigned char, 32>;

std::string_view text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hex(const Digest& digest) {
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

Digest hmac(std::string_view key, std::string_view text) {
  Digest out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return out;
}

// Each step's result is the next one's key.
Digest hmac_chain(std::string_view secret, std::initializer_list<std::string_view> steps) {
  const std::string first = "AWS4" + std::string(secret);
  Digest key{};
  std::string_view with = first;
  for (const auto step : steps) {
    key = hmac(with, step);
    with = text_of(key);
  }
  return key;
}

// Trimmed, and each run of blanks (a folded line is one) a single space.
std::string squeeze(std::string_view value) {
  std::string out;
  bool gap = false;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank && gap && !out.empty()) out += ' ';
    if (!blank) out += c;
    gap = blank;
  }
  return out;
}

// By name; the values of a repeated one in the order they came.
std::map<std::string, std::string> canonical_headers(const SignedRequest& request) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : request.headers) {
    const auto [at, added] = out.try_emplace(base::to_lower(name), squeeze(value));
    if (!added) at->second += "," + squeeze(value);
  }
  return out;
}

std::string signed_names(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out += (out.empty() ? "" : ";") + name;
  return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(by, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// RFC 3986 section 5.2.4, and empty segments go as well.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = split(path, '/');
  for (const auto segment : segments) {
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  const auto last = segments.back();
  if (out.empty() || last.empty() || last == "." || last == "..") out += '/';
  return out;
}

std::string canonical_path(const SignedRequest& request, const SigningScope& scope) {
  const std::string_view path = request.path.empty() ? std::string_view("/") : request.path;
  return uri_encode_path(scope.normalize_path ? remove_dot_segments(path) : path);
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto part : split(query, '&')) {
    const auto equals = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(equals + 1, part.size()));
    if (part.empty()) continue;
    // Decoded first, so that what was encoded in another manner comes out the same.
    pairs.emplace_back(uri_encode(net::percent_decode(part.substr(0, equals))),
                       uri_encode(net::percent_decode(value)));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string credential_scope(const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", amz_date(scope.when).substr(0, 8), scope.region, scope.service);
}

bool has_header(const SignedRequest& request, std::string_view lower_name) {
  return std::ranges::any_of(request.headers,
                             [=](const auto& header) { return base::to_lower(header.first) == lower_name; });
}

}  // namespace

std::string amz_date(base::WallTime when) {
  std::string out;
  for (const char c : base::to_rfc3339(when).substr(0, 19))
    if (c != '-' && c != ':') out += c;
  return out + "Z";
}

std::string payload_hash(std::string_view bytes) {
  Digest out{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr);
  return hex(out);
}

std::string canonical_request(const SignedRequest& request, const SigningScope& scope) {
  const auto headers = canonical_headers(request);
  std::string lines;
  for (const auto& [name, value] : headers) lines += name + ":" + value + "\n";
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request, scope),
                     canonical_query(request.query), lines, signed_names(headers),
                     payload_hash(request.payload));
}

std::string string_to_sign(const SignedRequest& request, const SigningScope& scope) {
  return fmt::format("{}\n{}\n{}\n{}", algorithm, amz_date(scope.when), credential_scope(scope),
                     payload_hash(canonical_request(request, scope)));
}

std::string signature(const SignedRequest& request, const SigningScope& scope,
                      std::string_view secret_access_key) {
  const std::string day = amz_date(scope.when).substr(0, 8);
  const auto text = string_to_sign(request, scope);
  return hex(hmac_chain(secret_access_key, {day, scope.region, scope.service, "aws4_request", text}));
}

std::string authorize(SignedRequest& request, const SigningScope& scope, const SigningKey& key) {
  if (!has_header(request, "x-amz-date")) request.headers.emplace_back("X-Amz-Date", amz_date(scope.when));
  if (!key.session_token.empty() && !has_header(request, "x-amz-security-token"))
    request.headers.emplace_back("X-Amz-Security-Token", key.session_token);
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, key.access_key_id,
                     credential_scope(scope), signed_names(canonical_headers(request)),
                     signature(request, scope, key.secret_access_key));
}

std::string smtp_password(std::string_view secret_access_key, std::string_view region) {
  // The date is fixed: the password holds until the key goes.
  const auto key = hmac_chain(secret_access_key, {"11111111", region, "ses", "aws4_request", "SendRawEmail"});
  constexpr char version = 4;
  const std::string bytes = version + std::string(text_of(key));
  std::array<unsigned char, 48> out{};  // 33 bytes are 44 characters, and EVP adds a zero
  const int size = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size)};
}

}  // namespace postern::aws
