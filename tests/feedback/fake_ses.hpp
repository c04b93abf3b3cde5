// SES's account list in memory: pages, StartDate, tokens, and whatever the test wants to go wrong.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "postern/aws/ses.hpp"
#include "support/manual_clock.hpp"

namespace postern::feedback::test {

class FakeSes final : public aws::Ses {
 public:
  explicit FakeSes(support::ManualClock& clock) : clock_(clock) {}

  using Page = base::Result<aws::SuppressedPage>;
  std::map<std::string, aws::SuppressedAddress> listed;
  std::size_t page_size = 2;
  std::map<std::size_t, base::Error> failing;  // by number of the request, from 0
  std::function<std::optional<Page>(const aws::SuppressedQuery&)> instead;  // of the answer
  aws::Account its_account{{"BOUNCE", "COMPLAINT"}, -1, 14, 0, true, true, "HEALTHY"};
  std::optional<std::vector<std::string>> set_reasons;
  base::Error account_error{base::Errc::io, ""};  // with a message: what account() gives
  base::Duration skew{0};

  struct Call {
    std::string what;
    base::SteadyTime at;
    aws::SuppressedQuery query;
  };
  std::vector<Call> calls;

  void list(const std::string& address, const std::string& reason = "BOUNCE") {
    listed[address] = {address, reason, clock_.wall_now() + skew};
  }
  void list_old(const std::string& address) {
    listed[address] = {address, "BOUNCE", clock_.wall_now() - std::chrono::hours(1000)};
  }
  std::size_t count(const std::string& what) const {
    std::size_t found = 0;
    for (const auto& call : calls) found += call.what == what ? 1u : 0u;
    return found;
  }
  const aws::SuppressedQuery& last_query() const { return calls.back().query; }

  base::Task<Page> list_suppressed(aws::SuppressedQuery query) override {
    const auto failed = take_turn("list", query);
    if (failed) co_return *failed;
    if (instead) {
      if (auto answer = instead(query)) co_return *answer;
    }
    co_return page_of(query);
  }
  base::Task<base::Result<aws::SuppressedAddress>> get_suppressed(std::string address) override {
    const auto failed = take_turn("get " + address);
    if (failed) co_return *failed;
    if (!listed.contains(address)) co_return base::fail(base::Errc::not_found, "no such address");
    co_return listed[address];
  }
  base::Task<base::Result<void>> put_suppressed(std::string address, std::string reason) override {
    const auto failed = take_turn("put " + address);
    if (failed) co_return *failed;
    list(address, reason);
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> delete_suppressed(std::string address) override {
    const auto failed = take_turn("delete " + address);
    if (failed) co_return *failed;
    if (listed.erase(address) == 0) co_return base::fail(base::Errc::not_found, "no such address");
    co_return base::Result<void>();
  }
  base::Task<base::Result<aws::Account>> account() override {
    take_turn("account");
    if (!account_error.message.empty()) co_return account_error;
    co_return its_account;
  }
  base::Task<base::Result<void>> put_account_suppression(std::vector<std::string> reasons) override {
    const auto failed = take_turn("put account");
    if (failed) co_return *failed;
    its_account.suppressed_reasons = std::move(reasons);
    co_return base::Result<void>();
  }
  base::Task<base::Result<std::optional<std::vector<std::string>>>> configuration_set_reasons(
      std::string name) override {
    take_turn("set " + name);
    co_return set_reasons;
  }
  base::Duration clock_skew() const override { return skew; }

 private:
  std::optional<base::Error> take_turn(const std::string& what, aws::SuppressedQuery query = {}) {
    const auto number = calls.size();
    calls.push_back({what, clock_.steady_now(), std::move(query)});
    const auto found = failing.find(number);
    if (found == failing.end()) return std::nullopt;
    return found->second;
  }
  // A token is the last address of its page.
  Page page_of(const aws::SuppressedQuery& query) const {
    aws::SuppressedPage page;
    for (auto at = listed.upper_bound(query.next_token); at != listed.end(); ++at) {
      const auto& entry = at->second;
      if (query.start_date && entry.updated < *query.start_date) continue;
      if (!query.reasons.empty() &&
          std::find(query.reasons.begin(), query.reasons.end(), entry.reason) == query.reasons.end())
        continue;
      if (page.addresses.size() == page_size) {
        page.next_token = page.addresses.back().address;
        break;
      }
      page.addresses.push_back(entry);
    }
    return page;
  }

  support::ManualClock& clock_;
};

}  // namespace postern::feedback::test
