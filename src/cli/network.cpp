#include "cli/network.hpp"

#include "cli/command.hpp"

namespace postern::cli {

Network::Network(const app::DnsConfig& options) : loop_(1) {
  const net::DnsOptions wanted{options.servers, options.timeout, options.tries};
  auto dns = net::CaresResolver::create(loop_.get_executor(), clock_, wanted);
  if (dns.has_error()) throw failure_of(dns.error());
  dns_ = std::move(*dns);
  auto hosts = net::CaresHostResolver::create(loop_.get_executor(), clock_, wanted);
  if (hosts.has_error()) throw failure_of(hosts.error());
  hosts_ = std::move(*hosts);
  dialer_ = std::make_unique<net::TcpDialer>(loop_.get_executor(), clock_, *hosts_);
}

// What is pending ends before the objects that it refers to.
Network::~Network() {
  dns_->stop();
  hosts_->stop();
  loop_.restart();
  loop_.run_for(std::chrono::milliseconds(100));
}

}  // namespace postern::cli
