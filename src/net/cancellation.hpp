// What a coroutine of net asks after a wait, before it awaits anything else. Private to net.
#pragma once

#include "postern/base/task.hpp"

namespace postern::net {

// True: the task was cancelled. What is awaited next goes on as usual, where asio would throw.
base::Task<bool> was_cancelled();

}  // namespace postern::net
