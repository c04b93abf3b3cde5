#include "bodies.hpp"

#include <filesystem>
#include <set>
#include <system_error>

namespace postern::spool {

namespace fs = std::filesystem;

base::Result<BodySweep> sweep_bodies(const std::string& folder, const std::vector<std::string>& named) {
  BodySweep sweep;
  std::set<std::string> expected(named.begin(), named.end());
  std::vector<fs::path> orphans;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (expected.erase(at->path().filename()) == 0) orphans.push_back(at->path());
  }
  if (error) return base::system_error(folder, error.value());
  for (const auto& orphan : orphans) sweep.removed += fs::remove(orphan, error);
  sweep.missing.assign(expected.begin(), expected.end());
  return sweep;
}

}  // namespace postern::spool
