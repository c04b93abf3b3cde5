// The API of SES as the configuration of the moment says: HTTP client, credentials, endpoint. A reload puts
// another one in its place; calls that are under way end on the one that they began with. Loop thread.
#pragma once

#include <functional>
#include <memory>

#include "postern/app/snapshot.hpp"
#include "postern/aws/ses.hpp"
#include "postern/base/log.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/random.hpp"
#include "postern/net/dialer.hpp"

namespace postern::app {

class SesLink final : public aws::Ses {
 public:
  struct Parts {
    base::Clock& clock;
    base::Random& random;
    base::Pool& disk;
    base::Log& log;
    net::Dialer& dialer;
  };
  SesLink(Parts parts, const Snapshot& snapshot);
  ~SesLink() override;

  void settings_changed(const Snapshot& snapshot);  // does nothing when nothing of it has changed

  base::Task<base::Result<aws::SuppressedPage>> list_suppressed(aws::SuppressedQuery query) override;
  base::Task<base::Result<aws::SuppressedAddress>> get_suppressed(std::string address) override;
  base::Task<base::Result<void>> put_suppressed(std::string address, std::string reason) override;
  base::Task<base::Result<void>> delete_suppressed(std::string address) override;
  base::Task<base::Result<aws::Account>> account() override;
  base::Task<base::Result<void>> put_account_suppression(std::vector<std::string> reasons) override;
  base::Task<base::Result<std::optional<std::vector<std::string>>>> configuration_set_reasons(
      std::string name) override;
  base::Duration clock_skew() const override;

 private:
  struct Stack;
  std::shared_ptr<Stack> make(const Snapshot& snapshot);

  Parts parts_;
  std::shared_ptr<Stack> stack_;
};

}  // namespace postern::app
