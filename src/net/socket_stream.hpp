// Stream over a TCP or Unix socket, plain or TLS. Private to net: listener and dialer make them.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>

#include "deadline.hpp"
#include "postern/net/stream.hpp"

namespace postern::net {

using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, base::Executor>;

class SocketStream final : public Stream {
 public:
  SocketStream(Socket socket, Peer peer, base::Clock& clock);
  ~SocketStream() override;

  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override;
  base::Task<base::Result<void>> write(std::string_view bytes) override;
  void set_deadline(base::SteadyTime when) override { deadline_.set(when); }
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<TlsContext> context,
                                                  std::string host) override;
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<TlsContext> context) override;
  bool encrypted() const override { return tls_.has_value(); }
  std::string tls_description() const override;
  base::Task<void> close() override;
  void abort() override;
  bool quiet() const override;
  const Peer& peer() const override { return peer_; }

 private:
  enum class Direction { read, write };
  base::Result<void> usable(std::string_view what) const;
  base::Result<void> verify_peer_is(std::string host);
  base::Task<base::Result<void>> wait(Direction direction);
  base::Task<base::Result<std::size_t>> read_tls(std::span<char> into);
  base::Task<base::Result<void>> write_tls(std::string_view bytes);
  base::Task<base::Result<void>> handshake(boost::asio::ssl::stream_base::handshake_type role);
  base::Task<void> linger();
  base::Task<base::Error> describe(boost::system::error_code error, std::string_view what);

  Socket socket_;
  Peer peer_;
  base::Clock& clock_;
  Deadline deadline_;
  std::shared_ptr<TlsContext> context_;  // outlives the TLS stream
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  int reads_in_a_row_ = 0;   // without a wait
  bool broken_tls_ = false;  // an operation was cut in the middle: the state of the protocol is lost
};

}  // namespace postern::net
