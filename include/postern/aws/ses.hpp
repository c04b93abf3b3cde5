// The operations of SES v2 that postern needs, as calls. Signed, with credentials refreshed, one attempt each
// but for what the answer itself tells how to mend (expired credentials, a wrong clock): who waits, retries
// and keeps the rate is the caller's business (feedback). Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postern/aws/credentials.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/http_client.hpp"

namespace postern::aws {

struct SuppressedAddress {
  std::string address;
  std::string reason;  // BOUNCE, COMPLAINT
  base::WallTime updated{};
  bool operator==(const SuppressedAddress&) const = default;
};

struct SuppressedQuery {
  std::vector<std::string> reasons;          // empty: all
  std::optional<base::WallTime> start_date;  // changed after
  std::string next_token;
  int page_size = 1000;
};

struct SuppressedPage {
  std::vector<SuppressedAddress> addresses;
  std::string next_token;  // empty: the last page
};

struct Account {
  std::vector<std::string> suppressed_reasons;
  double max_24_hour_send = 0, max_send_rate = 0, sent_last_24_hours = 0;  // -1: no limit
  bool sending_enabled = true;
  bool production_access = false;
  std::string enforcement_status;
};

// base::Errc: not_found 404; permission 401 and 403 (the message names the IAM action and the policy to
// attach); busy 429; unavailable 5xx and what could not be reached in time (timeout, tls, refused keep their
// names); invalid 400; protocol: an answer that is no answer of SES. The message never holds a secret.
class Ses {
 public:
  virtual ~Ses() = default;
  virtual base::Task<base::Result<SuppressedPage>> list_suppressed(SuppressedQuery query) = 0;
  virtual base::Task<base::Result<SuppressedAddress>> get_suppressed(std::string address) = 0;
  virtual base::Task<base::Result<void>> put_suppressed(std::string address, std::string reason) = 0;
  virtual base::Task<base::Result<void>> delete_suppressed(
      std::string address) = 0;  // in the stored spelling
  virtual base::Task<base::Result<Account>> account() = 0;
  virtual base::Task<base::Result<void>> put_account_suppression(std::vector<std::string> reasons) = 0;
  // SuppressedReasons that a configuration set overrides the account's with; nullopt: it does not.
  virtual base::Task<base::Result<std::optional<std::vector<std::string>>>> configuration_set_reasons(
      std::string name) = 0;
  // How far this machine's clock is from SES's, from the Date of the last answer; requests are signed with
  // the corrected time. Zero while nothing is known.
  virtual base::Duration clock_skew() const = 0;
};

struct SesOptions {
  std::string region;
  std::string endpoint_url;  // aws.endpoint_url; else AWS_ENDPOINT_URL_SESV2, AWS_ENDPOINT_URL, the region's
  net::Environment environment;  // for these variables
};

// They outlive it. invalid: no region, or an endpoint that is no URL.
base::Result<std::unique_ptr<Ses>> make_ses(const SesOptions& options, base::Clock& clock,
                                            net::HttpClient& http, CredentialProvider& credentials);

}  // namespace postern::aws
