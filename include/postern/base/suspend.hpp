// suspend(start): waits for something that calls back. start gets a function and keeps it; when it is called,
// once and from any thread, the caller goes on on its own executor. For work handed to a thread that gathers
// it from several callers; for one call that blocks use offload. Cannot be cancelled.
#pragma once

#include <functional>

#include "postern/base/task.hpp"

namespace postern::base {

Task<void> suspend(std::function<void(std::function<void()> resume)> start);

}  // namespace postern::base
