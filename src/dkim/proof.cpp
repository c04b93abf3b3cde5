#include "proof.hpp"

#include <chrono>
#include <utility>

#include "opendkim.hpp"
#include "signature.hpp"

namespace postern::dkim {

namespace {

// Long past whatever this machine's clock says, by more than libopendkim's tolerance of 300 s: that it
// subtracts from t= without a sign.
constexpr base::WallTime probe_time{std::chrono::hours(1)};

}  // namespace

std::string key_record(const PrivateKey& key) {
  return "v=DKIM1; k=rsa; p=" + base64(key.public_part());
}

base::Result<void> prove(const SigningKey& key, const std::string& record) {
  // With something of all that the canonical forms change.
  const std::string header = "From: Proof\t<proof@" + key.domain + ">\r\nTo: a@" + key.domain + ",\r\n b@" +
                             key.domain + "\r\nTo: c@" + key.domain + "\r\nSubject:  a   proof \r\n";
  constexpr std::string_view body = "\r\na  proof \t\r\n \r\n\tof the key\r\n\r\n \r\n";
  bool given = false;
  const BodySource source = [&]() -> base::Result<std::string_view> {
    return std::exchange(given, true) ? std::string_view() : body;
  };
  const auto field = make_signature(key, header, source, probe_time);
  if (!field) return field.error();
  return Verifier::shared().verify(*field + header, body, record);
}

}  // namespace postern::dkim
