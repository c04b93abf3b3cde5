// Accepts connections on one address. Loop thread only.
// On EMFILE and its kin accept waits a moment instead of spinning.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/stream.hpp"

namespace postern::net {

class Listener {
 public:
  virtual ~Listener() = default;

  // address: "127.0.0.1:25", "[::1]:25" or "unix:/path" (a stale socket file is replaced; one that answers is
  // Errc::busy). Port 0 takes a free one: see local_address. Errors: busy (in use), permission, unreachable
  // (the kernel has no such address), invalid. The message names the address.
  static base::Result<std::unique_ptr<Listener>> listen(base::Executor executor, base::Clock& clock,
                                                        std::string_view address);

  virtual base::Task<base::Result<std::unique_ptr<Stream>>> accept() = 0;  // Errc::closed after close()
  virtual std::string local_address() const = 0;
  virtual void close() = 0;
};

}  // namespace postern::net
