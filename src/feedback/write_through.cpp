#include "feedback/write_through.hpp"

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"

namespace postern::feedback {

namespace {

// SES keeps the case of the local part and not that of the domain.
std::string as_ses_stores(const std::string& address) {
  return std::string(mail::local_part(address)) + "@" + base::to_lower(mail::domain_of(address));
}

base::Result<void> check(const std::string& address) {
  const auto parsed = mail::parse_mailbox(address);
  if (parsed.has_error() || parsed->empty())
    return base::fail(base::Errc::invalid, "not a mail address: " + address);
  return {};
}

using Done = base::Result<void>;

// True: SES had it.
base::Task<base::Result<bool>> delete_one(Context& context, std::string spelling) {
  std::function<base::Task<Done>()> request = [&ses = context.deps.ses, spelling] {
    return ses.delete_suppressed(spelling);
  };
  auto deleted = co_await ask(context, std::move(request), attempts_of_person);
  if (deleted.has_value()) co_return true;
  if (deleted.error().code == base::Errc::not_found) co_return false;
  co_return deleted.error();
}

}  // namespace

base::Task<Done> put_through(Context& context, std::string address, std::string reason) {
  const auto checked = check(address);
  if (checked.has_error()) co_return checked.error();
  if (reason != "BOUNCE" && reason != "COMPLAINT")
    co_return base::fail(base::Errc::invalid, "SES takes the reasons BOUNCE and COMPLAINT, not " + reason);
  const std::string stored = as_ses_stores(address);
  std::function<base::Task<Done>()> request = [&ses = context.deps.ses, stored, reason] {
    return ses.put_suppressed(stored, reason);
  };
  auto put = co_await ask(context, std::move(request), attempts_of_person);
  if (put.has_error())
    co_return base::fail(put.error().code,
                         "SES did not take it, and nothing was changed here: " + put.error().message);
  suppression::Listed entry{stored, reason, context.ses_now()};
  auto kept = co_await context.deps.list.put_listed(std::move(entry));
  if (kept.has_error())
    co_return base::fail(kept.error().code, "SES lists it now, but it could not be written here: " +
                                                kept.error().message + "; the next sync brings it");
  co_return Done();
}

// Every spelling that SES listed: it suppresses the address as long as one is left.
base::Task<base::Result<SuppressionSync::Removal>> remove_through(Context& context, std::string address) {
  const auto checked = check(address);
  if (checked.has_error()) co_return checked.error();
  auto listed = co_await context.deps.list.spellings(address);
  if (listed.has_error()) co_return listed.error();
  const std::string as_given = as_ses_stores(address);
  std::vector<std::string> spellings;
  for (auto& one : *listed) spellings.push_back(std::move(one.address));
  if (spellings.empty()) spellings.push_back(as_given);
  SuppressionSync::Removal removal;
  for (const auto& spelling : spellings) {
    auto deleted = co_await delete_one(context, spelling);
    if (deleted.has_error())
      co_return base::fail(
          deleted.error().code,
          "SES may still list " + spelling + ", and nothing was changed here: " + deleted.error().message);
    removal.ses = removal.ses || *deleted;
  }
  auto removed = co_await context.deps.list.remove_everywhere(address);
  if (removed.has_error())
    co_return base::fail(
        removed.error().code,
        "SES does not list it any more, but it is still listed here: " + removed.error().message);
  removal.here = removed->own || removed->listed;
  co_return removal;
}

}  // namespace postern::feedback
