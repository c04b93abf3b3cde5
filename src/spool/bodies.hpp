// The folder of large bodies, compared with what the database names. Blocking; at open.
#pragma once

#include <string>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::spool {

struct BodySweep {
  std::size_t removed = 0;  // files that no row names: a crash between body and row, or row and unlink
  std::vector<std::string> missing;  // names that have no file
};
base::Result<BodySweep> sweep_bodies(const std::string& folder, const std::vector<std::string>& named);

}  // namespace postern::spool
