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

// In the form that SES gives: an access key id, and 44 characters that begin with B. 32 and 64 letters, so
// that the remainder favours none.
Credentials make_credentials() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return {"AKIA" + random_word(16, letters), "B" + random_word(43, base64)};
}

base::Result<Credentials> read_credentials(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto first = text->find('\n');
  const auto second = text->find('\n', first + 1);
  if (first == std::string::npos || second == std::string::npos)
    return base::fail(base::Errc::corrupt, path + ": not two lines");
  return Credentials{text->substr(0, first), text->substr(first + 1, second - first - 1)};
}

}  // namespace

base::Result<Credentials> load_credentials(const Options& options) {
  const auto path = options.data + "/credentials";
  auto credentials = read_credentials(path);
  if (!credentials && credentials.error().code == base::Errc::not_found) {
    credentials = make_credentials();
    const auto written = write_file(path, credentials->user + "\n" + credentials->password + "\n", 0600);
    if (!written) return written.error();
  }
  if (!credentials) return credentials;
  if (!options.user.empty()) credentials->user = options.user;
  if (!options.password.empty()) credentials->password = options.password;
  return credentials;
}

}  // namespace postern::sandbox
