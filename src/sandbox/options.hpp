// What the command line of postern-sandbox says. Made by command_line.cpp, read by everything else here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "postern/net/ip.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::sandbox {

enum class TlsMode { starttls, implicit };

// Failures on demand, by the local part of a recipient (a label behind + aside, as SES's simulator has it).
using Failures = std::map<std::string, smtp::Reply, std::less<>>;

struct Options {
  std::string data;  // directory, made when it is not there
  std::string smtp = "127.0.0.1:0";
  TlsMode tls = TlsMode::starttls;
  std::string region = "ap-northeast-1";
  std::string user;  // empty: what DATA/credentials says, made up the first time
  std::string password;
  std::vector<std::string> verified;  // domains and addresses; empty: all
  double rate = 0;                    // recipients a second; 0: as fast as they come
  std::uint64_t quota = 0;            // recipients in 24 h; 0: without end
  std::size_t max_size = 40 * 1024 * 1024;
  std::size_t max_connections = 100;
  Failures at_recipient;
  Failures after_data;
};

}  // namespace postern::sandbox
