// Exit codes of the programs: sysexits(3), as CONTRACT names them.
#pragma once

namespace postern::app {

enum ExitCode : int {
  exit_ok = 0,
  exit_no = 1,  // the answer is no
  exit_usage = 64,
  exit_unavailable = 69,
  exit_software = 70,
  exit_cant_create = 73,
  exit_try_again = 75,
  exit_no_permission = 77,
  exit_config = 78,
};

}  // namespace postern::app
