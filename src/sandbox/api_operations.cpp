#include "api_operations.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api_answer.hpp"
#include "api_list.hpp"
#include "postern/mail/address.hpp"

namespace postern::sandbox {

namespace json = boost::json;

namespace {

base::Result<json::object> parse_body(const std::string& text) {
  boost::system::error_code problem;
  auto value = json::parse(text.empty() ? "{}" : text, problem);
  if (problem || !value.is_object())
    return base::fail(base::Errc::protocol, "The request body is not a JSON object.");
  return std::move(value.get_object());
}

base::Result<std::string> text_member(const json::object& body, const char* name, std::string_view member) {
  const auto* value = body.if_contains(name);
  if (value == nullptr || value->is_null())
    return base::fail(base::Errc::invalid,
                      fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: "
                                  "Member must not be null",
                                  member));
  if (!value->is_string()) return base::fail(base::Errc::protocol, fmt::format("{} is not a string.", name));
  return std::string(value->get_string());
}

base::Error bad_reason(std::string_view member) {
  return base::fail(base::Errc::invalid,
                    fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: "
                                "Member must satisfy enum value set: [BOUNCE, COMPLAINT]",
                                member));
}

// SuppressedReasons of a body; nullopt: there are none named, which is not the same as an empty list.
base::Result<std::optional<Reasons>> reasons_member(const json::object& body) {
  const auto* value = body.if_contains("SuppressedReasons");
  if (value == nullptr || value->is_null()) return std::optional<Reasons>();
  if (!value->is_array()) return base::fail(base::Errc::protocol, "SuppressedReasons is not a list.");
  Reasons reasons = no_reasons;
  for (const auto& element : value->get_array()) {
    const auto reason =
        element.is_string() ? parse_reason(std::string_view(element.get_string())) : std::nullopt;
    if (!reason) return bad_reason("suppressedReasons");
    reasons.add(*reason);
  }
  return std::optional<Reasons>(reasons);
}

json::array to_json(Reasons reasons) {
  json::array names;
  for (const auto reason : {Reason::bounce, Reason::complaint})
    if (reasons.has(reason)) names.emplace_back(to_string(reason));
  return names;
}

base::Error no_such_address(const std::string& address) {
  return base::fail(base::Errc::not_found,
                    "Email address " + address + " does not exist on your suppression list.");
}

base::Error no_such_set(const std::string& name) {
  return base::fail(base::Errc::not_found, "Configuration set <" + name + "> does not exist.");
}

net::HttpResponse list_suppressed(const net::HttpRequest& request, Service& service) {
  const auto asked = parse_list_request(request.query);
  if (!asked) return answer_error(asked.error());
  auto page = list_page(*asked, service.suppression.list(), service.credentials.key.secret_access_key);
  if (!page) return answer_error(page.error());
  return answer_json(std::move(*page));
}

net::HttpResponse get_suppressed(const std::string& address, Service& service) {
  const auto* entry = service.suppression.list().find(stored_form(address));
  if (entry == nullptr) return answer_error(no_such_address(address));
  json::object destination{{"EmailAddress", entry->address},
                           {"Reason", to_string(entry->reason)},
                           {"LastUpdateTime", to_epoch(entry->updated)}};
  if (entry->cause)
    destination["Attributes"] =
        json::object{{"MessageId", entry->cause->message_id}, {"FeedbackId", entry->cause->feedback_id}};
  return answer_json(json::object{{"SuppressedDestination", std::move(destination)}});
}

base::Result<Suppressed> read_destination(const json::object& body) {
  const auto address = text_member(body, "EmailAddress", "emailAddress");
  if (!address) return address.error();
  const auto name = text_member(body, "Reason", "reason");
  if (!name) return name.error();
  const auto reason = parse_reason(*name);
  if (!reason) return bad_reason("reason");
  Suppressed entry;
  entry.address = stored_form(*address);
  entry.reason = *reason;
  if (!mail::parse_mailbox(entry.address))
    return base::fail(base::Errc::invalid, "Email address is not a valid email address.");
  return entry;
}

net::HttpResponse put_suppressed(const net::HttpRequest& request, Service& service) {
  const auto body = parse_body(request.body);
  if (!body) return answer_error(body.error());
  auto entry = read_destination(*body);
  if (!entry) return answer_error(entry.error());
  entry->updated = service.clock.wall_now();
  const auto put = service.suppression.put(std::move(*entry));
  return put ? answer_empty() : answer_error(put.error());
}

net::HttpResponse delete_suppressed(const std::string& address, Service& service) {
  const auto erased = service.suppression.erase(stored_form(address));
  if (!erased) return answer_error(erased.error());
  return *erased ? answer_empty() : answer_error(no_such_address(address));
}

net::HttpResponse put_account_suppression(const net::HttpRequest& request, Service& service) {
  const auto body = parse_body(request.body);
  if (!body) return answer_error(body.error());
  const auto reasons = reasons_member(*body);
  if (!reasons) return answer_error(reasons.error());
  service.suppression.account_reasons = reasons->value_or(no_reasons);
  return answer_empty();
}

net::HttpResponse get_account(Service& service) {
  auto& account = service.account;
  json::object quota{{"Max24HourSend", account.max_24_hour_send()},
                     {"MaxSendRate", account.max_send_rate()},
                     {"SentLast24Hours", static_cast<double>(account.sent_last_24_hours())}};
  json::object suppression{{"SuppressedReasons", to_json(service.suppression.account_reasons)}};
  return answer_json(json::object{{"DedicatedIpAutoWarmupEnabled", false},
                                  {"EnforcementStatus", "HEALTHY"},
                                  {"ProductionAccessEnabled", true},
                                  {"SendQuota", std::move(quota)},
                                  {"SendingEnabled", true},
                                  {"SuppressionAttributes", std::move(suppression)}});
}

net::HttpResponse get_configuration_set(const std::string& name, Service& service) {
  const auto& sets = service.suppression.configuration_sets;
  const auto found = sets.find(name);
  if (found == sets.end()) return answer_error(no_such_set(name));
  json::object body{{"ConfigurationSetName", name},
                    {"DeliveryOptions", json::object{{"TlsPolicy", "OPTIONAL"}}},
                    {"ReputationOptions", json::object{{"ReputationMetricsEnabled", false}}},
                    {"SendingOptions", json::object{{"SendingEnabled", true}}},
                    {"Tags", json::array()}};
  if (found->second)
    body["SuppressionOptions"] = json::object{{"SuppressedReasons", to_json(*found->second)}};
  return answer_json(std::move(body));
}

net::HttpResponse put_configuration_set_suppression(const std::string& name, const net::HttpRequest& request,
                                                    Service& service) {
  auto& sets = service.suppression.configuration_sets;
  const auto found = sets.find(name);
  if (found == sets.end()) return answer_error(no_such_set(name));
  const auto body = parse_body(request.body);
  if (!body) return answer_error(body.error());
  const auto reasons = reasons_member(*body);
  if (!reasons) return answer_error(reasons.error());
  found->second = *reasons;
  return answer_empty();
}

}  // namespace

net::HttpResponse perform(const Route& route, const net::HttpRequest& request, Service& service) {
  switch (route.operation) {
    case Operation::list_suppressed_destinations:
      return list_suppressed(request, service);
    case Operation::get_suppressed_destination:
      return get_suppressed(route.argument, service);
    case Operation::put_suppressed_destination:
      return put_suppressed(request, service);
    case Operation::delete_suppressed_destination:
      return delete_suppressed(route.argument, service);
    case Operation::put_account_suppression_attributes:
      return put_account_suppression(request, service);
    case Operation::get_account:
      return get_account(service);
    case Operation::get_configuration_set:
      return get_configuration_set(route.argument, service);
    case Operation::put_configuration_set_suppression_options:
      return put_configuration_set_suppression(route.argument, request, service);
  }
  return answer_unknown_operation();
}

}  // namespace postern::sandbox
