// The coroutine type of postern and the executor that its coroutines run on.
// Used by every module that waits. Coroutines run on the loop thread unless their header says otherwise.
// Write `auto r = co_await f(args);` and nothing else: g++ 12 miscompiles other forms (tests/style enforces
// it).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace postern::base {

using Executor = boost::asio::any_io_executor;

template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace postern::base
