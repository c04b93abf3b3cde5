#include "suppression_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::sandbox {
namespace {

constexpr std::string_view blanks = " \t\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int compare_ignoring_case(std::string_view a, std::string_view b) {
  const auto common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto x = static_cast<unsigned char>(lower(a[i])), y = static_cast<unsigned char>(lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

bool less(std::string_view a, std::string_view b) {
  const int order = compare_ignoring_case(a, b);
  return order != 0 ? order < 0 : a < b;
}

}  // namespace

bool SuppressionFilter::takes(const Suppressed& entry) const {
  return reasons.has(entry.reason) && (!from || entry.updated >= *from) && (!to || entry.updated <= *to);
}

bool SuppressionList::Order::operator()(const Suppressed& a, const Suppressed& b) const {
  return less(a.address, b.address);
}
bool SuppressionList::Order::operator()(const Suppressed& a, std::string_view b) const {
  return less(a.address, b);
}
bool SuppressionList::Order::operator()(std::string_view a, const Suppressed& b) const {
  return less(a, b.address);
}
bool SuppressionList::Order::operator()(const Suppressed& a, AnyCase b) const {
  return compare_ignoring_case(a.address, b.address) < 0;
}
bool SuppressionList::Order::operator()(AnyCase a, const Suppressed& b) const {
  return compare_ignoring_case(a.address, b.address) < 0;
}

void SuppressionList::put(Suppressed entry) {
  const auto at = entries_.lower_bound(std::string_view(entry.address));
  const bool there = at != entries_.end() && at->address == entry.address;
  entries_.insert(there ? entries_.erase(at) : at, std::move(entry));
}

bool SuppressionList::erase(std::string_view address) {
  const auto at = entries_.find(address);
  if (at == entries_.end()) return false;
  entries_.erase(at);
  return true;
}

const Suppressed* SuppressionList::find(std::string_view address) const {
  const auto at = entries_.find(address);
  return at == entries_.end() ? nullptr : &*at;
}

const Suppressed* SuppressionList::match(std::string_view recipient) const {
  const auto at = entries_.find(AnyCase{recipient});
  return at == entries_.end() ? nullptr : &*at;
}

SuppressionList::Page SuppressionList::page(const SuppressionFilter& filter, std::string_view after,
                                            std::size_t size) const {
  Page page;
  for (auto at = after.empty() ? entries_.begin() : entries_.upper_bound(after); at != entries_.end(); ++at) {
    if (!filter.takes(*at)) continue;
    if (page.entries.size() == size) {
      page.more = true;
      break;
    }
    page.entries.push_back(&*at);
  }
  return page;
}

void SuppressionList::generate(std::size_t count) {
  constexpr base::WallTime first = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  for (std::size_t i = 0; i < count; ++i) {
    Suppressed entry;
    entry.address = fmt::format("suppressed-{:08}@example.net", i);
    entry.reason = i % 10 == 9 ? Reason::complaint : Reason::bounce;
    entry.updated = first + std::chrono::seconds(i);
    entries_.insert(entries_.end(), std::move(entry));
  }
}

std::string stored_form(std::string_view address) {
  const auto begin = address.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  address = address.substr(begin, address.find_last_not_of(blanks) - begin + 1);
  const auto domain = mail::domain_of(address);
  return std::string(address.substr(0, address.size() - domain.size())) + base::to_lower(domain);
}

}  // namespace postern::sandbox
