// AWS credentials as the SDKs find them (SES.md 7): configuration, environment, web identity, profile files
// (without credential_process), container and Pod Identity, IMDSv2. Refreshed before they expire, read again
// when files change. Secrets never go into a message or a log. Loop thread, but for static_credentials and
// resolve_region, which read files and block: at start and on a reload.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "postern/aws/sigv4.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/random.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/http_client.hpp"

namespace postern::aws {

struct Credentials {
  SigningKey key;
  std::optional<base::WallTime> expires;
  std::string source;  // "environment", "profile default of ~/.aws/credentials", "container", "imds" ...
};

class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  // Errors: not_found (nothing in the whole chain; the message says what was tried and the ways to give
  // some); others name the step that failed.
  virtual base::Task<base::Result<Credentials>> get() = 0;
  virtual void refused() = 0;  // SES refused them: ask the sources again at the next get()
};

// What the configuration says (aws.*); what is empty is looked for elsewhere.
struct CredentialOptions {
  std::string access_key_id, secret_access_key, session_token;
  std::string profile;  // like --profile: the environment's keys and token file are then passed over
  std::string region;   // of STS
};

using ReadFile = std::function<base::Result<std::string>(const std::string& path)>;

// The disk as the chain sees it; blocking, called on the pool. not_found: there is no such file.
struct Files {
  ReadFile read;
  std::function<std::string(const std::string& path)> stamp;  // another one when the file has changed
  static Files on_disk();
};

struct CredentialSources {
  base::Clock& clock;
  base::Random& random;
  net::HttpClient& http;
  base::Pool& disk;
  Files files = Files::on_disk();
  net::Environment environment;
  base::Log* log = nullptr;  // told when a refresh fails while the old ones still hold
};

// One get() at a time asks the sources, the others wait for its result. It outlives its calls.
std::unique_ptr<CredentialProvider> make_credential_provider(CredentialOptions options,
                                                             CredentialSources sources);

// Keys that last, for derive: true: configuration, environment, profile files, in the order of the chain.
// Errors: not_found; invalid: what is there is temporary or a role, and SES takes neither for SMTP.
base::Result<Credentials> static_credentials(const CredentialOptions& options,
                                             const net::Environment& environment, const ReadFile& read);

// Configuration, AWS_REGION, AWS_DEFAULT_REGION, the profile. not_found names them.
base::Result<std::string> resolve_region(const CredentialOptions& options,
                                         const net::Environment& environment, const ReadFile& read);

}  // namespace postern::aws
