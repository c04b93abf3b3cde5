// The suppression list on disk: JSON lines
// {"EmailAddress","Reason","LastUpdateTime","MessageId","FeedbackId"}, or {"EmailAddress","Deleted":true}.
// --suppressed FILE is read once; DATA/suppressed.jsonl is a journal that every change is appended to and
// that is played back at start. Blocking, on the loop.
#pragma once

#include <string>

#include "postern/base/result.hpp"
#include "suppression_list.hpp"

namespace postern::sandbox {

// Plays a file back. Addresses are taken as they stand, so that a client can be shown bad ones. `now` dates
// the entries that have no time. Errc::invalid names the line; not_found: no such file.
base::Result<void> load_suppressions(const std::string& path, base::WallTime now, SuppressionList& into);

class SuppressionJournal {
 public:
  explicit SuppressionJournal(std::string path) : path_(std::move(path)) {}
  base::Result<void> put(const Suppressed& entry) const;
  base::Result<void> erase(const std::string& address) const;
  const std::string& path() const { return path_; }

 private:
  base::Result<void> append(const std::string& line) const;
  std::string path_;
};

// Epoch seconds with a fraction: how the API and these files write a time.
double to_epoch(base::WallTime when);
base::WallTime from_epoch(double seconds);

}  // namespace postern::sandbox
