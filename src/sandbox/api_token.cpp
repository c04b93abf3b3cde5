#include "api_token.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "postern/aws/sigv4.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t seal_size = 32;

std::string encode(std::string_view bytes) {
  std::vector<unsigned char> out((bytes.size() + 2) / 3 * 4 + 1);  // EVP adds a zero
  const int size = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  return {out.begin(), out.begin() + size};
}

std::optional<std::string> decode(const std::string& text) {
  std::vector<unsigned char> out(text.size() / 4 * 3 + 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  // What stands for the padding comes out as zeros.
  const auto padding = std::count(text.begin(), text.end(), '=');
  if (size < padding || padding > 2) return std::nullopt;
  return std::string(out.begin(), out.begin() + size - padding);
}

std::string seal(std::string_view after, std::string_view filters, std::string_view secret) {
  std::string text(secret);
  text.append("\n").append(filters).append("\n").append(after);
  return aws::payload_hash(text).substr(0, seal_size);
}

}  // namespace

std::string make_page_token(std::string_view after, std::string_view filters, std::string_view secret) {
  return encode(seal(after, filters, secret).append(after));
}

std::optional<std::string> read_page_token(const std::string& token, std::string_view filters,
                                           std::string_view secret) {
  const auto bytes = decode(token);
  if (!bytes || bytes->size() < seal_size) return std::nullopt;
  auto after = bytes->substr(seal_size);
  if (bytes->substr(0, seal_size) != seal(after, filters, secret)) return std::nullopt;
  return after;
}

}  // namespace postern::sandbox
