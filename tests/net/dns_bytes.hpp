// Writes DNS messages for tests, right ones and wrong ones; RFC 1035 section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "postern/net/dns.hpp"

namespace postern::net {

inline std::string dns_word(std::size_t value) {
  return {static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}

inline std::string dns_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return out + '\0';
}

inline std::string dns_pointer(std::size_t target) {
  return dns_word(0xc000 | target);
}

inline std::string dns_strings(std::initializer_list<std::string> strings) {
  std::string out;
  for (const auto& text : strings) out += static_cast<char>(text.size()) + text;
  return out;
}

inline std::string dns_soa(std::size_t minimum) {
  return dns_name("ns.example") + dns_name("ops.example") + std::string(16, '\1') + dns_word(minimum >> 16) +
         dns_word(minimum);
}

class DnsBytes {
 public:
  static constexpr std::size_t cname = 5, soa = 6, ns = 2;
  static constexpr std::size_t plain = 0x8180, servfail = 0x8182, nxdomain = 0x8183, truncated = 0x8380;
  static std::size_t of(DnsType type) { return static_cast<std::size_t>(type); }

  explicit DnsBytes(std::size_t flags = plain, std::size_t id = 4711) : flags_(flags), id_(id) {}

  DnsBytes& question(std::string_view name, DnsType type, std::size_t class_of_it = 1) {
    questions_ += 1;
    body_ += dns_name(name) + dns_word(of(type)) + dns_word(class_of_it);
    return *this;
  }
  // owner: in wire form.
  DnsBytes& record(const std::string& owner, std::size_t type, std::size_t ttl, const std::string& data,
                   std::size_t class_of_it = 1) {
    (in_authority_ ? authorities_ : answers_) += 1;
    body_ += owner + dns_word(type) + dns_word(class_of_it) + dns_word(ttl >> 16) + dns_word(ttl) +
             dns_word(data.size()) + data;
    return *this;
  }
  DnsBytes& answer(std::string_view owner, DnsType type, std::size_t ttl, const std::string& data) {
    return record(dns_name(owner), of(type), ttl, data);
  }
  DnsBytes& alias(std::string_view owner, std::string_view target, std::size_t ttl = 300) {
    return record(dns_name(owner), cname, ttl, dns_name(target));
  }
  // What follows stands in the authority section.
  DnsBytes& authority(std::string_view owner, std::size_t type, std::size_t ttl, const std::string& data) {
    in_authority_ = true;
    return record(dns_name(owner), type, ttl, data);
  }
  DnsBytes& claim_answers(std::size_t count) {
    answers_ = count;
    return *this;
  }
  std::string bytes() const {
    return dns_word(id_) + dns_word(flags_) + dns_word(questions_) + dns_word(answers_) +
           dns_word(authorities_) + dns_word(0) + body_;
  }

 private:
  std::size_t flags_, id_;
  std::size_t questions_ = 0, answers_ = 0, authorities_ = 0;
  bool in_authority_ = false;
  std::string body_;
};

}  // namespace postern::net
