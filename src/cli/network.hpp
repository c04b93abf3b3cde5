// What commands that look at the world share: a loop of their own, the DNS, connections. Main thread; run()
// returns when the task has ended.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>

#include "postern/app/config.hpp"
#include "postern/base/clock.hpp"
#include "postern/net/dialer.hpp"
#include "postern/net/dns.hpp"
#include "postern/net/resolver.hpp"

namespace postern::cli {

class Network {
 public:
  explicit Network(const app::DnsConfig& options);  // throws Failure: no DNS configured at all
  ~Network();

  template <class T>
  T run(base::Task<T> task) {
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr e, T value) {
      thrown = e;
      result.emplace(std::move(value));
      loop_.stop();
    });
    loop_.restart();
    loop_.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
  }

  base::Executor executor() { return loop_.get_executor(); }
  base::Clock& clock() { return clock_; }
  net::Resolver& dns() { return *dns_; }
  net::Dialer& dialer() { return *dialer_; }

 private:
  boost::asio::io_context loop_;
  base::SystemClock clock_;
  std::unique_ptr<net::CaresResolver> dns_;
  std::unique_ptr<net::CaresHostResolver> hosts_;
  std::unique_ptr<net::TcpDialer> dialer_;
};

}  // namespace postern::cli
