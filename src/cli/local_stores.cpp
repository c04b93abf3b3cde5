#include "cli/local_stores.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

#include "postern/admin/admin.hpp"

namespace postern::cli {

LocalStores::LocalStores(app::StateLock lock)
    : lock_(std::move(lock)), log_(clock_, base::Log::stderr_sink()), disk_("disk", 1) {
  log_.configure(base::LogFormat::text, base::LogLevel::warn, false);
}

base::Result<std::unique_ptr<Backend>> LocalStores::open(const std::string& state_dir, app::StateLock lock) {
  std::unique_ptr<LocalStores> stores(new LocalStores(std::move(lock)));
  const auto opened = stores->open_stores(state_dir);
  if (opened.has_error()) return opened.error();
  return std::unique_ptr<Backend>(std::move(stores));
}

base::Result<void> LocalStores::open_stores(const std::string& state_dir) {
  const auto executor = loop_.get_executor();
  auto spool = spool::Spool::open({state_dir}, executor, log_, metrics_);
  if (spool.has_error()) return spool.error();
  spool_ = std::move(*spool);
  auto list =
      suppression::List::open(state_dir, executor, disk_, writer_, log_, metrics_, suppression::LookUps::few);
  if (list.has_error()) return list.error();
  suppression_ = std::move(*list);
  auto ledger = ledger::Ledger::open(state_dir, executor, disk_, writer_, log_);
  if (ledger.has_error()) return ledger.error();
  ledger_ = std::move(*ledger);
  auto delivery = [] {
    admin::DeliveryView view;
    view.paused = true;
    view.reason = "the daemon is not running";
    return view;
  };
  auto not_ready = [] { return std::string("the daemon is not running"); };
  handler_ = admin::make_handler(
      {executor, clock_, log_, metrics_, *spool_, *suppression_, *ledger_, delivery, [] {}, not_ready});
  return {};
}

LocalStores::~LocalStores() {
  if (spool_) spool_->close();
  disk_.join();
  writer_.join();
}

base::Result<net::HttpResponse> LocalStores::call(const net::HttpRequest& request) {
  std::optional<net::HttpResponse> response;
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop_, handler_(request), [&](std::exception_ptr e, net::HttpResponse answer) {
    thrown = std::move(e);
    response = std::move(answer);
  });
  loop_.restart();
  loop_.run();
  if (thrown) std::rethrow_exception(thrown);
  if (!response) return base::fail(base::Errc::io, "the request was not answered");
  return std::move(*response);
}

}  // namespace postern::cli
