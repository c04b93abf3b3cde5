// A suppression list in memory, which can also fail.
#pragma once

#include <map>

#include "postern/mail/address.hpp"
#include "postern/suppression/list.hpp"

namespace postern::policy::test {

class FakeList final : public suppression::List {
 public:
  std::map<std::string, suppression::Entry> entries;
  bool broken = false;
  std::vector<std::string> asked;

  void put(std::string address, std::string reason, std::string source, std::string_view since) {
    suppression::Entry entry{address, std::move(reason), std::move(source),
                             base::from_rfc3339(since).value()};
    entries[mail::lookup_key(address)] = std::move(entry);
  }

  base::Task<base::Result<std::optional<suppression::Entry>>> find(std::string address) override {
    asked.push_back(address);
    if (broken) co_return base::fail(base::Errc::io, "suppression.db: disk I/O error");
    const auto found = entries.find(mail::lookup_key(address));
    if (found == entries.end()) co_return std::optional<suppression::Entry>();
    co_return std::optional<suppression::Entry>(found->second);
  }
  base::Task<base::Result<void>> add(suppression::Entry) override { co_return unused(); }
  base::Task<base::Result<bool>> remove(std::string) override { co_return unused(); }
  base::Task<base::Result<std::size_t>> import(std::vector<suppression::Entry>) override {
    co_return unused();
  }
  base::Task<base::Result<std::vector<suppression::Entry>>> list(std::size_t, std::string) override {
    co_return unused();
  }
  std::uint64_t size() const override { return entries.size(); }

 private:
  static base::Error unused() { return base::fail(base::Errc::unavailable, "not part of these tests"); }
};

}  // namespace postern::policy::test
