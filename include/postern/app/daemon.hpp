// The daemon: builds everything out of the configuration, runs until a signal or a failure that only a
// restart can mend, and takes it down in order. The only place that creates everything. Blocks; call it once,
// on the main thread.
#pragma once

#include <string>

namespace postern::app {

// An exit code of sysexits: 0 after SIGTERM, 69 an address can't be listened on, 70 a store is corrupt or the
// disk failed, 73 the state directory can't be made, 75 another daemon has it, 77 no permission for a port,
// 78 configuration.
int run_daemon(const std::string& config_file);

}  // namespace postern::app
