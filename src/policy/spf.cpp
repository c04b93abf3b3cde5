#include "postern/policy/spf.hpp"

#include <utility>

#include "spf_check.hpp"
#include "spf_record.hpp"

namespace postern::policy {

std::string_view to_string(SpfResult result) {
  switch (result) {
    case SpfResult::none:
      return "none";
    case SpfResult::neutral:
      return "neutral";
    case SpfResult::pass:
      return "pass";
    case SpfResult::fail:
      return "fail";
    case SpfResult::softfail:
      return "softfail";
    case SpfResult::temperror:
      return "temperror";
    case SpfResult::permerror:
      return "permerror";
  }
  return "none";
}

base::Task<SpfReport> check_host(net::Resolver& resolver, SpfQuery query, SpfOptions options) {
  SpfCheck check(resolver, query, options);
  auto report = co_await check.run();
  co_return report;
}

base::Result<void> check_spf_record(std::string_view record) {
  const auto parsed = parse_spf_record(record);
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace postern::policy
