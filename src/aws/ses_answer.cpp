#include "aws/ses_answer.hpp"

#include <fmt/format.h>

#include <array>

#include "aws/json.hpp"

namespace postern::aws {

namespace json = boost::json;

namespace {

base::Error no_answer_of_ses(const std::string& why) {
  return base::fail(base::Errc::protocol, "not an answer of SES: " + why);
}

base::Result<SuppressedAddress> to_address(const json::object& object) {
  SuppressedAddress out;
  auto address = text_member(object, "EmailAddress");
  if (!address) return address.error();
  auto reason = text_member(object, "Reason");
  if (!reason) return reason.error();
  const auto updated = time_member(object, "LastUpdateTime");
  if (!updated) return updated.error();
  if (address->empty()) return base::fail(base::Errc::protocol, "EmailAddress is missing");
  if (reason->empty()) return base::fail(base::Errc::protocol, "Reason is missing");
  return SuppressedAddress{std::move(*address), std::move(*reason), *updated};
}

base::Result<SuppressedPage> to_page(const json::object& object) {
  SuppressedPage out;
  auto token = text_member(object, "NextToken");
  if (!token) return token.error();
  out.next_token = std::move(*token);
  const auto* rows = object.if_contains("SuppressedDestinationSummaries");
  if (rows == nullptr) return base::fail(base::Errc::protocol, "no SuppressedDestinationSummaries");
  if (rows->is_null()) return out;
  if (!rows->is_array())
    return base::fail(base::Errc::protocol, "SuppressedDestinationSummaries is not a list");
  for (const auto& row : rows->get_array()) {
    const auto at = out.addresses.size();
    if (!row.is_object()) return base::fail(base::Errc::protocol, fmt::format("row {} is not an object", at));
    auto address = to_address(row.get_object());
    if (!address) {
      return base::fail(base::Errc::protocol, fmt::format("row {}: {}", at, address.error().message));
    }
    out.addresses.push_back(std::move(*address));
  }
  return out;
}

base::Result<void> read_quota(const json::object& object, Account& into) {
  const auto quota = object_member(object, "SendQuota");
  if (!quota) return quota.error();
  for (const auto& [name, value] :
       {std::pair{"Max24HourSend", &into.max_24_hour_send}, std::pair{"MaxSendRate", &into.max_send_rate},
        std::pair{"SentLast24Hours", &into.sent_last_24_hours}}) {
    const auto number = number_member(*quota, name);
    if (!number) return number.error();
    *value = *number;
  }
  return {};
}

base::Result<Account> to_account(const json::object& object) {
  Account out;
  const auto suppression = object_member(object, "SuppressionAttributes");
  if (!suppression) return suppression.error();
  auto reasons = texts_member(*suppression, "SuppressedReasons");
  if (!reasons) return reasons.error();
  out.suppressed_reasons = std::move(*reasons);
  const auto quota = read_quota(object, out);
  if (!quota) return quota.error();
  if (member(object, "SendQuota") == nullptr) return base::fail(base::Errc::protocol, "no SendQuota");
  const auto sending = flag_member(object, "SendingEnabled", true);
  if (!sending) return sending.error();
  const auto production = flag_member(object, "ProductionAccessEnabled", false);
  if (!production) return production.error();
  auto status = text_member(object, "EnforcementStatus");
  if (!status) return status.error();
  out.sending_enabled = *sending;
  out.production_access = *production;
  out.enforcement_status = std::move(*status);
  return out;
}

// Reads one object; whatever goes wrong says that this is no answer of SES.
template <class Read>
auto read_object(std::string_view body, Read read) -> decltype(read(json::object())) {
  const auto object = parse_object(body);
  if (!object) return no_answer_of_ses(object.error().message);
  auto out = read(*object);
  if (!out) return no_answer_of_ses(out.error().message);
  return out;
}

}  // namespace

base::Result<SuppressedPage> read_page(std::string_view body) {
  return read_object(body, to_page);
}

base::Result<SuppressedAddress> read_suppressed(std::string_view body) {
  return read_object(body, [](const json::object& object) -> base::Result<SuppressedAddress> {
    const auto destination = object_member(object, "SuppressedDestination");
    if (!destination) return destination.error();
    return to_address(*destination);
  });
}

base::Result<Account> read_account(std::string_view body) {
  return read_object(body, to_account);
}

base::Result<std::optional<std::vector<std::string>>> read_configuration_set(std::string_view body) {
  using Reasons = std::optional<std::vector<std::string>>;
  return read_object(body, [](const json::object& object) -> base::Result<Reasons> {
    const auto options = object_member(object, "SuppressionOptions");
    if (!options) return options.error();
    if (member(*options, "SuppressedReasons") == nullptr) return Reasons();
    auto reasons = texts_member(*options, "SuppressedReasons");
    if (!reasons) return reasons.error();
    return Reasons(std::move(*reasons));
  });
}

}  // namespace postern::aws
