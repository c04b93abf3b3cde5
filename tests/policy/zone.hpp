// A zone as the tests of DMARC and alignment write it: a record a line, "name TYPE data", with the types TXT
// (the rest of the line), A, MX, CNAME, EXISTS, SERVFAIL and TIMEOUT (of all types, or of the one named).
#pragma once

#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "support/fake_resolver.hpp"

namespace postern::policy {

inline std::optional<net::DnsType> type_named(const std::string& word) {
  if (word.empty()) return std::nullopt;
  if (word == "A") return net::DnsType::a;
  if (word == "MX") return net::DnsType::mx;
  if (word == "TXT") return net::DnsType::txt;
  throw std::invalid_argument("zone: type " + word);
}

inline void add_record(support::FakeResolver& dns, const std::string& name, const std::string& type,
                       std::istream& rest) {
  std::string data;
  if (type == "MX") {
    std::uint16_t preference = 0;
    rest >> preference >> data;
    return dns.mx(name, preference, data);
  }
  std::getline(rest >> std::ws, data);
  if (type == "TXT") return dns.txt(name, data);
  if (type == "A") return dns.a(name, data);
  if (type == "CNAME") return dns.cname(name, data);
  if (type == "EXISTS") return dns.exists(name);
  if (type == "SERVFAIL") return dns.servfail(name, type_named(data));
  if (type == "TIMEOUT") return dns.timeout(name, type_named(data));
  throw std::invalid_argument("zone: " + name + " " + type);
}

inline void add_zone(support::FakeResolver& dns, const std::string& text) {
  std::istringstream lines(text);
  std::string line, name, type;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    if (words >> name >> type) add_record(dns, name, type, words);
  }
}

}  // namespace postern::policy
