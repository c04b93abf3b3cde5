#include <openssl/rand.h>

#include "files.hpp"
#include "identity.hpp"

namespace postern::sandbox {
namespace {

std::string random_word(std::size_t length, std::string_view alphabet) {
  std::string bytes(length, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(length)) != 1) return {};
  for (auto& c : bytes) c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  return bytes;
}

// In the form that IAM gives: 20 and 40 characters. 32 and 64 letters, so that the remainder favours none.
aws::SigningKey make_key() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return {"AKIA" + random_word(16, letters), random_word(40, base64), {}};
}

base::Result<aws::SigningKey> read_key(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto first = text->find('\n');
  const auto second = text->find('\n', first + 1);
  if (first == std::string::npos || second == std::string::npos)
    return base::fail(base::Errc::corrupt, path + ": not two lines");
  return aws::SigningKey{text->substr(0, first), text->substr(first + 1, second - first - 1), {}};
}

base::Result<aws::SigningKey> load_key(const std::string& path) {
  auto key = read_key(path);
  if (key || key.error().code != base::Errc::not_found) return key;
  key = make_key();
  const auto written = write_file(path, key->access_key_id + "\n" + key->secret_access_key + "\n", 0600);
  if (!written) return written.error();
  return key;
}

void replace(std::string& value, const std::string& by) {
  if (!by.empty()) value = by;
}

}  // namespace

base::Result<Credentials> load_credentials(const Options& options) {
  auto key = load_key(options.data + "/credentials");
  if (!key) return key.error();
  replace(key->access_key_id, options.access_key_id);
  replace(key->secret_access_key, options.secret_access_key);
  replace(key->session_token, options.session_token);
  Credentials credentials{key->access_key_id, aws::smtp_password(key->secret_access_key, options.region),
                          *key};
  replace(credentials.user, options.user);
  replace(credentials.password, options.password);
  return credentials;
}

}  // namespace postern::sandbox
