// The order of start and stop. Start: lock, listen, open, connect, READY. Stop: accept nothing more ->
// sessions end or get a 421
// -> deliveries under way end within delivery.drain -> stores are closed -> pools are joined. Loop thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "graph.hpp"

namespace postern::app {

class Lifecycle {
 public:
  Lifecycle(boost::asio::io_context& loop, Graph& graph);

  // Everything runs when it returns nothing; then run() until it is over.
  std::optional<StartFailure> start();
  base::Task<void>
  run();  // until SIGTERM, SIGINT or a failed spool; everything is taken down when it returns
  int exit_code() const { return exit_code_; }

 private:
  base::Task<void> handle_signals();
  base::Task<void> watch_spool();
  base::Task<void> drain();
  void take_down();
  void report_ready();

  boost::asio::io_context& loop_;
  Graph& graph_;
  std::unique_ptr<base::Timer> ended_;
  bool over_ = false;
  bool hurry_ = false;
  int exit_code_ = 0;
};

}  // namespace postern::app
