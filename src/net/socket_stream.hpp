// Stream over a TCP or Unix socket, plain or TLS. Private to net: listener and dialer make them.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "deadline.hpp"
#include "postern/net/stream.hpp"
#include "tls_context.hpp"

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
  bool encrypted() const override { return secured_; }
  std::string tls_description() const override;
  base::Task<void> close() override;
  void abort() override;
  bool quiet() const override;
  const Peer& peer() const override { return peer_; }

 private:
  // What an operation does when its task has been cancelled already: what waits for the peer is refused, what
  // ends the conversation is hurried.
  enum class WhenCancelled { refuse, hurry };

  base::Result<void> usable(std::string_view what) const;
  base::Result<void> usable_tls(std::string_view what) const;
  base::Error describe(boost::system::error_code error, std::string_view what) const;
  template <class Operation>
  base::Task<base::Result<std::size_t>> complete(Operation operation, std::string_view what,
                                                 WhenCancelled policy = WhenCancelled::refuse);

  base::Task<base::Result<std::size_t>> read_plain(std::span<char> into, WhenCancelled policy);
  base::Task<base::Result<void>> write_plain(std::string_view bytes);
  base::Task<base::Result<std::size_t>> read_tls(std::span<char> into);
  base::Task<base::Result<void>> write_tls(std::string_view bytes);

  base::Result<void> begin_tls(std::shared_ptr<TlsContext> context);
  base::Result<void> verify_peer_is(const std::string& host);
  base::Task<base::Result<void>> handshake(boost::asio::ssl::stream_base::handshake_type role);
  base::Task<void> close_tls();
  base::Task<void> linger();

  Socket socket_;
  Peer peer_;
  base::Clock& clock_;
  Deadline deadline_;
  std::shared_ptr<OpensslContext> context_;  // outlives the TLS stream
  std::string host_;                         // whom the TLS stream talks to; outlives it, too
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  int reads_in_a_row_ = 0;   // without a wait
  bool secured_ = false;     // the handshake is done
  bool broken_tls_ = false;  // an operation was cut in the middle: the state of the protocol is lost
};

}  // namespace postern::net
