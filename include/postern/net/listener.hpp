// Accepts connections on one address. Loop thread only.
// On EMFILE and its kin accept waits a moment instead of spinning.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

  // The same, and "systemd:NAME": takes over all listening sockets of that name which the service manager has
  // passed to this process (sd_listen_fds(3)), once. Errors of these: not_found (the message says what there
  // is and what to do), busy (taken over before), invalid (not listening for streams).
  static base::Result<std::vector<std::unique_ptr<Listener>>> listen_all(base::Executor executor,
                                                                         base::Clock& clock,
                                                                         std::string_view address);

  // Errc::closed after close(). Errc::cancelled: the task was cancelled; it may go on.
  virtual base::Task<base::Result<std::unique_ptr<Stream>>> accept() = 0;
  virtual std::string local_address() const = 0;
  virtual void close() = 0;
};

}  // namespace postern::net
