// A client's stream with SES's idle limit: ten seconds without a word from the client and it is told
// "451 4.4.2 Timeout waiting for data from client." unasked, then cut off. The watch is a task of its own,
// since over TLS a read that was called off leaves no connection to say goodbye on. Loop thread only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/task.hpp"
#include "postern/net/buffered.hpp"
#include "postern/net/stream.hpp"

namespace postern::sandbox {

class Connection;
using Connections = std::set<Connection*>;  // those that are alive

class Connection {
 public:
  static constexpr std::chrono::seconds idle_limit{10};

  Connection(std::unique_ptr<net::Stream> stream, base::Clock& clock, base::Executor executor,
             Connections& all);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: the connection is over, nothing more can be done on it.
  base::Task<bool> send(std::string bytes);
  base::Task<bool> fill();  // reads more into reader()
  base::Task<bool> start_tls(std::shared_ptr<net::TlsContext> context);

  net::BufferedReader& reader() { return reader_; }
  const net::Stream& stream() const { return *stream_; }

  base::Task<void> close();  // the session is over; the watch ends
  void abort();              // at once, from outside

  // Spawned beside the session; keeps the connection alive meanwhile.
  static base::Task<void> watch(std::shared_ptr<Connection> connection);

 private:
  base::Task<void> expire();

  std::unique_ptr<net::Stream> stream_;
  net::BufferedReader reader_;
  base::Clock& clock_;
  std::unique_ptr<base::Timer> timer_;
  Connections& all_;
  base::SteadyTime active_;
  bool writing_ = false;
  bool finished_ = false;
};

}  // namespace postern::sandbox
