// A byte stream: plain TCP, TLS, a Unix socket, or a script in tests (tests/support/scripted_stream.hpp).
// A virtual call is nothing beside a system call, and it keeps Asio out of most files. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/ip.hpp"
#include "postern/net/tls.hpp"

namespace postern::net {

struct Peer {
  IpAddress address;
  std::uint16_t port = 0;
  bool is_local_socket = false;   // a Unix socket: address is ::1
  std::string to_string() const;  // 127.0.0.1:4711, [::1]:25, unix
};

class Stream {
 public:
  virtual ~Stream() = default;

  // At least one byte. End of stream: Errc::closed. Past the deadline: Errc::timeout. Cancelled:
  // Errc::cancelled, and the stream stays usable for a farewell unless it is TLS.
  virtual base::Task<base::Result<std::size_t>> read_some(std::span<char> into) = 0;
  virtual base::Task<base::Result<void>> write(
      std::string_view bytes) = 0;  // all of it; the bytes live until it returns

  // Every later read, write and handshake fails with Errc::timeout once this moment has passed. Moving it is
  // free.
  virtual void set_deadline(base::SteadyTime when) = 0;

  virtual base::Task<base::Result<void>> start_tls_client(std::shared_ptr<TlsContext> context,
                                                          std::string host) = 0;
  virtual base::Task<base::Result<void>> start_tls_server(std::shared_ptr<TlsContext> context) = 0;
  virtual bool encrypted() const = 0;
  virtual std::string tls_description() const = 0;  // "TLSv1.3 TLS_AES_256_GCM_SHA384", empty when plain

  virtual base::Task<void>
  close() = 0;                     // says goodbye (TLS close_notify) within a second at most, then closes
  virtual void abort() = 0;        // at once; pending operations fail with Errc::closed
  virtual bool quiet() const = 0;  // idle check of a pooled connection: true when nothing is waiting to be
                                   // read and the peer has not closed it

  virtual const Peer& peer() const = 0;
};

}  // namespace postern::net
