// The tables of spool.db and the way from any older version to this one.
#pragma once

#include <vector>

namespace postern::spool {

std::vector<const char*> migrations();  // [n] leads from version n to n + 1

}  // namespace postern::spool
