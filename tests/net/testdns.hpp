// The DNS server of the outside test tools as a child process, on a free port of loopback, with the zone of
// the test; ended by its pid with the object.
#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <array>
#include <string>

#include "support/temp_dir.hpp"

namespace postern::net {

class TestDns {
 public:
  // Empty: the tools are not here.
  static std::string program() {
    const char* set = std::getenv("POSTERN_CORPORA");
    const std::filesystem::path corpora = set != nullptr ? set : POSTERN_SOURCE_DIR "/../shared/corpora";
    const auto path = corpora / "../tools/testdns.py";
    return std::filesystem::exists(path) ? path.string() : std::string();
  }

  explicit TestDns(const std::string& zone) {
    const auto file = directory_.file("zone.json");
    std::ofstream(file) << zone;
    std::array<int, 2> pipe_ends{};
    if (::pipe(pipe_ends.data()) != 0) return;
    std::array<std::string, 6> words{"python3", program(), "--listen", "127.0.0.1:0", "--zone", file};
    std::array<char*, 7> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments.at(i) = words.at(i).data();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    if (::posix_spawnp(&pid_, "python3", &actions, nullptr, arguments.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    read_address(pipe_ends[0]);
    ::close(pipe_ends[0]);
  }
  ~TestDns() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  TestDns(const TestDns&) = delete;
  TestDns& operator=(const TestDns&) = delete;

  const std::string& address() const { return address_; }  // empty: it did not start

 private:
  // "ready dns=127.0.0.1:4711 control=..."
  void read_address(int from) {
    std::string line;
    for (char c = 0; line.size() < 200 && ::read(from, &c, 1) == 1 && c != '\n';) line += c;
    const auto begin = line.find("dns=");
    if (begin != line.npos) address_ = line.substr(begin + 4, line.find(' ', begin) - begin - 4);
  }

  support::TempDir directory_;
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace postern::net
