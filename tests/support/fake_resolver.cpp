#include "support/fake_resolver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "postern/base/text.hpp"

namespace postern::support {

namespace {

using base::Errc;
using net::DnsType;

constexpr std::array types{DnsType::a, DnsType::aaaa, DnsType::mx, DnsType::ptr, DnsType::txt};
constexpr int most_aliases = 8;

std::string key_of(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return base::to_lower(name);
}

// What DNS can carry: labels of 1 to 63 octets, 253 in all.
bool is_name(std::string_view key) {
  if (key.size() > 253) return false;
  while (true) {
    const auto dot = key.find('.');
    const auto label = key.substr(0, dot);
    if (label.empty() || label.size() > 63) return false;
    if (dot == std::string_view::npos) return true;
    key.remove_prefix(dot + 1);
  }
}

std::string reverse_name(const net::IpAddress& ip) {
  std::string out;
  if (ip.is_v4()) {
    for (std::size_t i = 16; i-- > 12;) out += fmt::format("{}.", ip.bytes[i]);
    return out + "in-addr.arpa";
  }
  for (std::size_t i = 16; i-- > 0;) out += fmt::format("{:x}.{:x}.", ip.bytes[i] & 15, ip.bytes[i] >> 4);
  return out + "ip6.arpa";
}

net::DnsAnswerPtr negative(net::DnsAnswer::Status status, base::SteadyTime expires) {
  net::DnsAnswer out;
  out.status = status;
  out.expires = expires;
  return std::make_shared<const net::DnsAnswer>(std::move(out));
}

}  // namespace

FakeResolver::Node& FakeResolver::node(std::string_view name) {
  return nodes_[key_of(name)];
}

net::DnsAnswer& FakeResolver::answer(std::string_view name, DnsType type) {
  return node(name).answers[type];
}

void FakeResolver::txt(std::string_view name, std::string text) {
  answer(name, DnsType::txt).texts.push_back(std::move(text));
}

void FakeResolver::a(std::string_view name, std::string_view ip) {
  const auto address = net::IpAddress::parse(ip).value();
  answer(name, address.is_v4() ? DnsType::a : DnsType::aaaa).addresses.push_back(address);
}

void FakeResolver::mx(std::string_view name, std::uint16_t preference, std::string exchange) {
  auto& records = answer(name, DnsType::mx).mx;
  records.push_back({preference, std::move(exchange)});
  std::ranges::stable_sort(records, {}, &net::MxRecord::preference);
}

void FakeResolver::ptr(std::string_view ip_or_name, std::string target) {
  const auto ip = net::IpAddress::parse(ip_or_name);
  const std::string name = ip ? reverse_name(*ip) : std::string(ip_or_name);
  answer(name, DnsType::ptr).names.push_back(std::move(target));
}

void FakeResolver::cname(std::string_view name, std::string target) {
  node(name).alias = std::move(target);
}

void FakeResolver::exists(std::string_view name) {
  node(name);
}

void FakeResolver::fail(std::string_view name, std::optional<DnsType> type, const base::Error& error) {
  for (const auto each : types) {
    if (!type || *type == each) node(name).errors[each] = error;
  }
}

void FakeResolver::timeout(std::string_view name, std::optional<DnsType> type) {
  fail(name, type, base::fail(Errc::timeout, "the DNS did not answer in time"));
}

void FakeResolver::servfail(std::string_view name, std::optional<DnsType> type) {
  fail(name, type, base::fail(Errc::unavailable, "SERVFAIL"));
}

void FakeResolver::garbage(std::string_view name, std::optional<DnsType> type) {
  fail(name, type, base::fail(Errc::protocol, "an answer that can't be read"));
}

void FakeResolver::slow(std::string_view name, base::Clock& clock, base::Duration duration) {
  node(name).clock = &clock;
  node(name).delay = duration;
}

void FakeResolver::expires(std::string_view name, base::SteadyTime when) {
  node(name).expires = when;
}

void FakeResolver::clear() {
  nodes_.clear();
}

std::size_t FakeResolver::queries(std::string_view name) const {
  const auto same = [key = key_of(name)](const Question& question) { return key_of(question.name) == key; };
  return static_cast<std::size_t>(std::ranges::count_if(asked_, same));
}

bool FakeResolver::is_above_another(const std::string& key) const {
  return std::ranges::any_of(nodes_,
                             [end = "." + key](const auto& each) { return each.first.ends_with(end); });
}

base::Result<net::DnsAnswerPtr> FakeResolver::find(std::string key, DnsType type) const {
  auto expires = base::SteadyTime::max();
  for (int aliases = 0; aliases <= most_aliases; ++aliases) {
    const auto found = nodes_.find(key);
    if (found == nodes_.end()) {
      using Status = net::DnsAnswer::Status;
      return negative(is_above_another(key) ? Status::no_data : Status::no_such_name, expires);
    }
    const Node& here = found->second;
    expires = std::min(expires, here.expires);
    if (const auto error = here.errors.find(type); error != here.errors.end()) return error->second;
    if (const auto answer = here.answers.find(type); answer != here.answers.end()) {
      auto out = answer->second;
      out.expires = expires;
      return std::make_shared<const net::DnsAnswer>(std::move(out));
    }
    if (!here.alias) return negative(net::DnsAnswer::Status::no_data, expires);
    key = key_of(*here.alias);
  }
  return base::fail(Errc::unavailable, "SERVFAIL: a loop of CNAMEs");
}

base::Task<base::Result<net::DnsAnswerPtr>> FakeResolver::query(std::string name, DnsType type) {
  if (remember_) asked_.push_back({name, type});
  const std::string key = key_of(name);
  if (!is_name(key)) co_return base::fail(Errc::invalid, "not a name that DNS can carry: " + name);
  if (const auto found = nodes_.find(key); found != nodes_.end() && found->second.clock != nullptr) {
    auto& clock = *found->second.clock;
    const auto delay = found->second.delay;
    co_await base::sleep_for(clock, delay);
  }
  co_return find(key, type);
}

}  // namespace postern::support
