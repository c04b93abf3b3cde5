// AWS credentials as the SDKs find them (SES.md 7): configuration, environment, web identity, profile files
// (without credential_process), container and Pod Identity, IMDSv2. Refreshed before they expire, read again
// when files change. Secrets never go into a message or a log. Loop thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "postern/aws/sigv4.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"

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

}  // namespace postern::aws
