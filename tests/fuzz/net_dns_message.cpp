// An answer of any bytes is read or refused, within its bounds: what was read fits the question, no text or
// name is longer than a message can carry, and each name that came out can be asked for.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/dns_cursor.hpp"
#include "net/dns_message.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Of the question that the message says it answers, so that most inputs get further than that.
struct Asked {
  std::string name = "example.com";
  net::DnsType type = net::DnsType::txt;
};

Asked question_in(std::string_view message) {
  Asked out;
  net::DnsCursor cursor(message);
  cursor.take(12);
  const auto wire = cursor.name();
  const auto type = static_cast<net::DnsType>(cursor.word());
  std::string name;
  if (!cursor.good() || !net::to_text(wire, name) || !net::normalize_dns_name(name)) return out;
  out.name = name;
  if (net::to_string(type) != "?") out.type = type;
  return out;
}

void check_name(std::string name) {
  if (name.empty()) return;  // the root: a null MX
  const auto before = name;
  require(net::normalize_dns_name(name).has_value() && name == before);
  std::string again;
  require(net::to_text(net::to_wire(name), again) && again == name);
}

void check(const net::DnsReading& got, std::size_t size) {
  const auto& answer = got.answer;
  const auto count = answer.addresses.size() + answer.texts.size() + answer.mx.size() + answer.names.size();
  const bool found = answer.status == net::DnsAnswer::Status::found && got.alias.empty();
  require(found == (count > 0) && count * 11 < size);
  require(!found || got.ttl.has_value());
  require(!got.ttl || (got.ttl->count() >= 0 && got.ttl->count() <= 0xffffffffLL));
  std::size_t octets = 0;
  for (const auto& text : answer.texts) octets += text.size();
  require(octets < size);
  for (const auto& mx : answer.mx) check_name(mx.exchange);
  for (const auto& name : answer.names) check_name(name);
  check_name(got.alias);
  require(std::ranges::is_sorted(answer.mx, {}, &net::MxRecord::preference));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto asked = question_in(message);
  const auto got = net::read_dns_answer(message, asked.name, asked.type);
  if (got) check(*got, size);
  std::string name(message.substr(0, 300));
  if (net::normalize_dns_name(name)) check_name(name);
  return 0;
}
