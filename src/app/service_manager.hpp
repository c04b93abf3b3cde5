// Tells systemd (or whoever set $NOTIFY_SOCKET) how the daemon is: sd_notify(3) without its library.
#pragma once

#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/task.hpp"

namespace postern::app {

void notify_service_manager(std::string_view state);  // "READY=1"; nothing happens where nobody asked

// How often WATCHDOG=1 is to be said: half of $WATCHDOG_USEC, if it is meant for `pid`. Zero: nobody asked.
base::Duration watchdog_interval(const char* usec, const char* watched_pid, int pid);

// Says it from the loop, so that a loop that hangs is restarted. Until cancelled.
base::Task<void> keep_watchdog_quiet(base::Clock& clock);

}  // namespace postern::app
