#include "serve.hpp"

#include "postern/app/daemon.hpp"

namespace postern::cli {

int serve(const std::string& config_file) {
  return app::run_daemon(config_file);
}

}  // namespace postern::cli
