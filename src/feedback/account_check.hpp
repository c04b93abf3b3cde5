// Compares the reasons that SES acts on with suppression.reasons, at most once an hour, and says when the
// answer changes. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "feedback/context.hpp"

namespace postern::feedback {

class AccountCheck {
 public:
  explicit AccountCheck(Context& context) : context_(context) {}

  base::Task<void> check_if_due(SettingsPtr settings);
  void make_due() { due_ = base::SteadyTime(); }

 private:
  using Found = base::Result<std::vector<std::string>>;
  base::Task<Found> compare(SettingsPtr settings);
  void tell(const Found& found);

  Context& context_;
  base::SteadyTime due_{};
};

}  // namespace postern::feedback
