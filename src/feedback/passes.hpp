// One pass over SES's list, of changes or whole: asks page after page, hands them to the list, and lets them
// take effect only at a believable end. Loop thread; one full pass at a time, changes also between its pages.
#pragma once

#include <optional>
#include <string>

#include "feedback/context.hpp"
#include "feedback/token_watch.hpp"

namespace postern::feedback {

enum class Ending { good, doubtful, failed };

struct PassEnd {
  Ending ending = Ending::failed;
  std::string message;
  base::Errc code = base::Errc::io;  // of a failed one
};

class Passes {
 public:
  explicit Passes(Context& context) : context_(context) {}

  base::Task<PassEnd> full(std::uint64_t id, const bool& force);  // `force` is read at the end
  base::Task<PassEnd> changes();
  base::SteadyTime changes_due() const { return changes_due_; }

 private:
  // A pass under way, or nothing when it has to begin anew.
  using Walk = base::Result<std::optional<suppression::Pass>>;

  base::Task<base::Result<suppression::Pass>> open_full(SettingsPtr settings, bool may_go_on);
  base::Task<Walk> walk_full(SettingsPtr settings, suppression::Pass pass);
  base::Task<PassEnd> conclude(suppression::Pass pass, const bool& force);
  base::Task<PassEnd> accept(suppression::Pass pass);
  base::Task<Walk> walk_changes(SettingsPtr settings, base::WallTime from);
  base::Task<base::Result<aws::SuppressedPage>> fetch(SettingsPtr settings, std::string token,
                                                      std::optional<base::WallTime> from);
  base::Task<base::Result<suppression::PageResult>> take(suppression::PassKind kind,
                                                         aws::SuppressedPage page);
  base::Task<PassEnd> full_steps(SettingsPtr settings, const bool& force);
  base::Task<void> changes_if_due();
  PassEnd failure(const base::Error& error, const char* kind);
  void show(const suppression::Pass& pass);
  void tell_progress(const suppression::Pass& pass);
  void tell_skipped(const suppression::PageResult& result);
  void good(const char* kind, const suppression::Pass& pass);

  Context& context_;
  base::SteadyTime changes_due_{};
  base::SteadyTime began_{}, told_{};
  std::uint64_t entries_at_begin_ = 0;
  bool skipped_told_ = false;
};

}  // namespace postern::feedback
