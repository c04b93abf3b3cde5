// The admin API over stores opened by this process: for commands while no daemon runs. Main thread; runs a
// loop of its own for each call.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "cli/backend.hpp"
#include "postern/app/state_lock.hpp"
#include "postern/base/books_writer.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/spool/spool.hpp"
#include "postern/suppression/list.hpp"

namespace postern::cli {

class LocalStores final : public Backend {
 public:
  static base::Result<std::unique_ptr<Backend>> open(const std::string& state_dir, app::StateLock lock);
  ~LocalStores() override;
  base::Result<net::HttpResponse> call(const net::HttpRequest& request) override;
  bool daemon_runs() const override { return false; }

 private:
  explicit LocalStores(app::StateLock lock);
  base::Result<void> open_stores(const std::string& state_dir);

  app::StateLock lock_;
  boost::asio::io_context loop_{1};
  base::SystemClock clock_;
  base::Log log_;
  base::Metrics metrics_;
  base::Pool disk_;
  base::BooksWriter writer_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<suppression::List> suppression_;
  std::unique_ptr<ledger::Ledger> ledger_;
  net::HttpHandler handler_;
};

}  // namespace postern::cli
