// What the command line of postern-sandbox says. Made by command_line.cpp, read by everything else here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api_operation.hpp"
#include "outcome.hpp"
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
  Misfortunes misfortunes;
  std::vector<std::string> configuration_sets;  // empty: every name is taken in a message
  std::string suppressed;                       // file to begin the suppression list with
  std::size_t suppressed_count = 0;             // and made-up entries

  std::string api;  // empty: none
  std::string access_key_id, secret_access_key, session_token;
  double api_rate = 0;                  // requests a second; 0: as fast as they come
  std::vector<Operation> denied;        // what the access key is not allowed to do
  std::vector<std::string> api_faults;  // as JSON
  bool legacy_error_names = false;      // of the API's version 1, for what is refused before any operation
};

}  // namespace postern::sandbox
