#include <csignal>
#include <iostream>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // `postern queue list | head` ends by a failed write, a socket never kills us
  std::ios::sync_with_stdio(false);
  return postern::cli::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
