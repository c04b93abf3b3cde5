// What the columns of spool.db mean: times and states as integers.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>

#include "postern/base/clock.hpp"
#include "postern/base/database.hpp"
#include "postern/spool/message.hpp"

namespace postern::spool {

inline std::int64_t to_column(base::WallTime when) {
  return when.time_since_epoch().count();
}

inline base::WallTime from_column(std::int64_t value) {
  return base::WallTime(base::Duration(value));
}

inline int state_column(RecipientState state) {
  return state == RecipientState::held ? 1 : 0;
}

inline RecipientState state_from(int column) {
  return column == 1 ? RecipientState::held : RecipientState::queued;
}

}  // namespace postern::spool
