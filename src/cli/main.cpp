#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "cli/program.hpp"
#include "postern/app/exit_code.hpp"

namespace {

// A reader that has had enough (`postern queue list | head`) is no failure; a disk that is full is.
bool reader_has_gone() {
  struct stat out {};
  return ::fstat(STDOUT_FILENO, &out) == 0 && (S_ISFIFO(out.st_mode) || S_ISSOCK(out.st_mode));
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a failed write is answered where it happens, a socket never kills us
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a write that fails, and no mail is lost
  std::ios::sync_with_stdio(false);
  const int code = postern::cli::run({argv + 1, argv + argc}, std::cout, std::cerr);
  std::cout.flush();
  if (std::cout || reader_has_gone()) return code;
  std::cerr << "postern: standard output could not be written whole: is the disk full?\n";
  return postern::app::exit_cant_create;
}
