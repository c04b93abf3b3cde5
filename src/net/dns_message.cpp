#include "dns_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dns_cursor.hpp"

namespace postern::net {

namespace {

constexpr std::uint16_t class_in = 1, type_ns = 2, type_cname = 5, type_soa = 6;
constexpr int most_aliases = 16;

struct Header {
  std::uint16_t flags = 0, questions = 0, answers = 0, authorities = 0;
  bool is_response() const { return (flags & 0x8000) != 0; }
  int opcode() const { return flags >> 11 & 15; }
  bool truncated() const { return (flags & 0x0200) != 0; }
  int rcode() const { return flags & 15; }
};

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::size_t begin = 0, size = 0;  // of its data in the message
};

struct Message {
  std::string_view bytes;
  Header header;
  std::vector<Record> answers, authorities;  // of class IN
};

std::string name_of_rcode(int rcode) {
  constexpr std::array names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  const auto index = static_cast<std::size_t>(rcode);
  return index < names.size() ? names.at(index) : fmt::format("RCODE {}", rcode);
}

base::Error unreadable(std::string_view why) {
  return base::fail(base::Errc::protocol, fmt::format("DNS: unreadable answer: {}", why));
}

Header read_header(DnsCursor& cursor) {
  Header out;
  cursor.word();  // the id: whoever asked has compared it
  out.flags = cursor.word();
  out.questions = cursor.word();
  out.answers = cursor.word();
  out.authorities = cursor.word();
  cursor.word();
  return out;
}

std::vector<Record> read_section(DnsCursor& cursor, int count) {
  std::vector<Record> out;
  for (int i = 0; i < count && cursor.good(); ++i) {
    Record record;
    record.owner = cursor.name();
    record.type = cursor.word();
    const bool in = cursor.word() == class_in;
    const auto ttl = cursor.long_word();
    record.ttl = ttl > 0x7fffffff ? 0 : ttl;  // RFC 2181 section 8
    record.size = cursor.word();
    record.begin = cursor.position();
    cursor.take(record.size);
    if (in) out.push_back(std::move(record));
  }
  return out;
}

base::Result<Message> read_message(std::string_view bytes, std::string_view name, DnsType type) {
  DnsCursor cursor(bytes);
  Message out{bytes, read_header(cursor), {}, {}};
  if (!cursor.good()) return unreadable("no whole header");
  if (!out.header.is_response() || out.header.opcode() != 0) return unreadable("no response to a query");
  if (out.header.questions != 1) return unreadable("not one question");
  const auto asked_name = cursor.name();
  const auto asked_type = cursor.word();
  const auto asked_class = cursor.word();
  if (!cursor.good()) return unreadable("no whole question");
  if (asked_name != to_wire(name) || asked_type != static_cast<std::uint16_t>(type) ||
      asked_class != class_in)
    return unreadable("it is for another question");
  out.answers = read_section(cursor, out.header.answers);
  out.authorities = read_section(cursor, out.header.authorities);
  if (!cursor.good()) return unreadable("a record that is not whole");
  return out;
}

// Reads the records of one message for one question.
class Reading {
 public:
  Reading(const Message& message, DnsType type)
      : message_(message), type_(static_cast<std::uint16_t>(type)) {}

  base::Result<DnsReading> from(std::string name) {
    auto end = follow_aliases(std::move(name));
    if (!end) return end.error();
    if (message_.header.rcode() == 3) return negative(DnsAnswer::Status::no_such_name);
    for (const auto& record : message_.answers) {
      if (record.type != type_ || record.owner != *end) continue;
      if (!take(record)) return unreadable("the data of a record");
      found_ = true;
      lives_at_most(record.ttl);
    }
    if (!found_) return nothing(*end);
    std::ranges::stable_sort(out_.answer.mx, {}, &MxRecord::preference);
    return std::move(out_);
  }

 private:
  base::Result<std::string> follow_aliases(std::string name) {
    for (int i = 0; i <= most_aliases; ++i) {
      const Record* alias = nullptr;
      for (const auto& record : message_.answers) {
        if (record.owner != name) continue;
        if (record.type == type_) return name;
        if (record.type == type_cname && alias == nullptr) alias = &record;
      }
      if (alias == nullptr) return name;
      if (!read_name(alias->begin, alias->size, name)) return unreadable("the data of a CNAME");
      lives_at_most(alias->ttl);
      aliased_ = true;
    }
    return unreadable("a loop of CNAMEs");
  }

  // No record of the type, and the name may exist (RFC 2308 section 2.2).
  base::Result<DnsReading> nothing(const std::string& name) {
    const bool has_soa = find_authority(type_soa) != nullptr;
    if (!has_soa && aliased_) {
      if (!to_text(name, out_.alias) || out_.alias.empty()) return unreadable("a CNAME that is no name");
      return std::move(out_);
    }
    if (!has_soa && find_authority(type_ns) != nullptr)
      return base::fail(base::Errc::unavailable, "DNS: a referral instead of an answer");
    return negative(DnsAnswer::Status::no_data);
  }

  base::Result<DnsReading> negative(DnsAnswer::Status status) {
    out_.answer.status = status;
    if (const auto* soa = find_authority(type_soa)) {
      const auto minimum = read_minimum(*soa);
      if (!minimum) return unreadable("the data of a SOA");
      lives_at_most(std::min(soa->ttl, *minimum));
    } else {
      out_.ttl.reset();
    }
    return std::move(out_);
  }

  const Record* find_authority(std::uint16_t type) const {
    const auto found = std::ranges::find(message_.authorities, type, &Record::type);
    return found == message_.authorities.end() ? nullptr : &*found;
  }

  std::optional<std::uint32_t> read_minimum(const Record& soa) const {
    DnsCursor cursor(message_.bytes, soa.begin);
    cursor.name();
    cursor.name();
    cursor.take(4U * 4);
    const auto minimum = cursor.long_word();
    if (!cursor.good() || cursor.position() != soa.begin + soa.size) return std::nullopt;
    return minimum;
  }

  // A name that takes all of its room.
  bool read_name(std::size_t begin, std::size_t size, std::string& name) const {
    DnsCursor cursor(message_.bytes, begin);
    name = cursor.name();
    return cursor.good() && cursor.position() == begin + size;
  }

  bool take(const Record& record) {
    const auto data = message_.bytes.substr(record.begin, record.size);
    switch (static_cast<DnsType>(type_)) {
      case DnsType::a:
      case DnsType::aaaa:
        return take_address(data);
      case DnsType::ptr:
        return read_text(record.begin, record.size, out_.answer.names.emplace_back());
      case DnsType::mx:
        return take_mx(record);
      case DnsType::txt:
        return take_strings(data, out_.answer.texts.emplace_back());
    }
    return false;
  }

  bool take_address(std::string_view data) {
    IpAddress ip;
    const bool v4 = type_ == static_cast<std::uint16_t>(DnsType::a);
    if (data.size() != (v4 ? 4 : 16)) return false;
    if (v4) ip.bytes[10] = ip.bytes[11] = 0xff;
    std::ranges::copy(data, ip.bytes.end() - static_cast<std::ptrdiff_t>(data.size()));
    out_.answer.addresses.push_back(ip);
    return true;
  }

  // Servers send records without any string; that is an empty text.
  static bool take_strings(std::string_view data, std::string& text) {
    while (!data.empty()) {
      const auto size = static_cast<std::uint8_t>(data.front());
      if (data.size() < 1U + size) return false;
      text += data.substr(1, size);
      data.remove_prefix(1U + size);
    }
    return true;
  }

  bool take_mx(const Record& record) {
    if (record.size < 2) return false;
    auto& mx = out_.answer.mx.emplace_back();
    mx.preference = DnsCursor(message_.bytes, record.begin).word();
    return read_text(record.begin + 2, record.size - 2, mx.exchange);
  }

  bool read_text(std::size_t begin, std::size_t size, std::string& text) const {
    std::string wire;
    return read_name(begin, size, wire) && to_text(wire, text);
  }

  void lives_at_most(std::uint32_t ttl) {
    const std::chrono::seconds seconds(ttl);
    out_.ttl = out_.ttl ? std::min(*out_.ttl, seconds) : seconds;
  }

  const Message& message_;
  std::uint16_t type_;
  DnsReading out_;
  bool found_ = false, aliased_ = false;
};

}  // namespace

std::string_view to_string(DnsType type) {
  switch (type) {
    case DnsType::a:
      return "A";
    case DnsType::ptr:
      return "PTR";
    case DnsType::mx:
      return "MX";
    case DnsType::txt:
      return "TXT";
    case DnsType::aaaa:
      return "AAAA";
  }
  return "?";
}

base::Result<DnsReading> read_dns_answer(std::string_view message, std::string_view name, DnsType type) {
  const auto read = read_message(message, name, type);
  if (!read) return read.error();
  const int rcode = read->header.rcode();
  if (rcode != 0 && rcode != 3)
    return base::fail(base::Errc::unavailable, fmt::format("DNS: {}", name_of_rcode(rcode)));
  if (read->header.truncated()) return unreadable("it is cut off");
  return Reading(*read, type).from(to_wire(name));
}

base::Result<void> normalize_dns_name(std::string& name) {
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > 253) return base::fail(base::Errc::invalid, "a name over 253 octets");
  std::size_t label = 0;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (c == '\0') return base::fail(base::Errc::invalid, "a NUL in a name");
    if (c != '.') {
      if (++label > 63) return base::fail(base::Errc::invalid, "a label over 63 octets");
      continue;
    }
    if (label == 0) break;
    label = 0;
  }
  if (label == 0) return base::fail(base::Errc::invalid, "an empty label in a name");
  return {};
}

}  // namespace postern::net
