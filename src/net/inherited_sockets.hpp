// Listening sockets that the service manager opened for this process: sd_listen_fds(3) without its library.
// systemd passes them as descriptors from 3 on and names them in the environment; several may have one name.
// Private to net: listener takes them. Used while postern starts, on the thread that starts it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "postern/base/result.hpp"

namespace postern::net {

class InheritedSockets {
 public:
  struct Environment {
    std::optional<std::string> pid, count, names;  // LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES
    static Environment current();
  };
  static constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START

  // The descriptors get the close-on-exec flag. An environment that is meant for another process has none.
  explicit InheritedSockets(const Environment& environment, int first = first_descriptor);

  // Those of this process; its environment is read when they are first asked for.
  static InheritedSockets& of_process();

  // Hands out all sockets of the name, non-blocking. Errors: not_found, busy (handed out before), invalid
  // (one of them does not listen for streams). The message names the address that was asked for,
  // systemd:NAME.
  base::Result<std::vector<int>> take(const std::string& name);

 private:
  struct Inherited {
    int descriptor;
    std::string name;
    bool taken = false;
  };
  void read(const Environment& environment, int first);
  base::Error absent(const std::string& name) const;

  std::vector<Inherited> all_;
  std::string problem_;  // of the environment
};

}  // namespace postern::net
