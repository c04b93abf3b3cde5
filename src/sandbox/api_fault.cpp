#include "api_fault.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace postern::sandbox {

namespace json = boost::json;

namespace {

using Kind = Fault::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 13> kinds{{
    {"error", Kind::error},
    {"hang", Kind::hang},
    {"slow", Kind::slow},
    {"garbage", Kind::garbage},
    {"cut-body", Kind::cut_body},
    {"endless-body", Kind::endless_body},
    {"drip-body", Kind::drip_body},
    {"wrong-date", Kind::wrong_date},
    {"skewed-clock", Kind::skewed_clock},
    {"short-page", Kind::short_page},
    {"empty-page", Kind::empty_page},
    {"hollow-page", Kind::hollow_page},
    {"repeated-token", Kind::repeated_token},
}};

ApiError error_of(std::string_view kind) {
  if (kind == "429") return {429, "TooManyRequestsException", "Rate exceeded"};
  if (kind == "503") return {503, "ServiceUnavailableException", "Service Unavailable"};
  return {500, "InternalServiceErrorException", "An internal error occurred."};
}

base::Error bad(const std::string& what) {
  return base::fail(base::Errc::invalid, "fault: " + what);
}

base::Result<void> set_kind(std::string_view text, Fault& fault) {
  fault.error = error_of(text);
  if (text == "429" || text == "500" || text == "503") return {};
  for (const auto& [name, kind] : kinds) {
    if (name != text) continue;
    fault.kind = kind;
    if (kind == Kind::wrong_date || kind == Kind::skewed_clock) fault.seconds = 3600;
    if (kind == Kind::slow) fault.seconds = 2;
    return {};
  }
  return bad("no such kind: " + std::string(text));
}

base::Result<void> set_text(std::string_view name, const json::string& text, Fault& fault) {
  if (name == "type") {
    fault.error.type = std::string(text);
  } else if (name == "message") {
    fault.error.message = std::string(text);
  } else if (name == "operation") {
    fault.operation = parse_operation(std::string_view(text));
    if (!fault.operation) return bad("no such operation: " + std::string(text));
  } else if (name != "kind") {
    return bad("no such member, or not a text: " + std::string(name));
  }
  return {};
}

base::Result<void> set_number(std::string_view name, std::int64_t number, Fault& fault) {
  if (name == "seconds") {
    fault.seconds = static_cast<int>(number);
  } else if (name == "after" && number >= 0) {
    fault.after = static_cast<std::size_t>(number);
  } else if (name == "count" && number > 0) {
    fault.count = static_cast<std::size_t>(number);
  } else if (name == "status" && number >= 400 && number < 600) {
    fault.error.status = static_cast<int>(number);
  } else {
    return bad("no such member, or no such value: " + std::string(name));
  }
  return {};
}

base::Result<Fault> parse_fault(const json::object& object) {
  const auto* kind = object.if_contains("kind");
  if (kind == nullptr || !kind->is_string()) return bad("kind is missing");
  Fault fault;
  // First: it sets what the others may change.
  auto set = set_kind(std::string_view(kind->get_string()), fault);
  for (const auto& [name, value] : object) {
    if (!set) return set.error();
    const std::string_view key(name);
    if (value.is_string()) {
      set = set_text(key, value.get_string(), fault);
    } else if (value.is_int64()) {
      set = set_number(key, value.get_int64(), fault);
    } else {
      return bad("neither a text nor a whole number: " + std::string(key));
    }
  }
  if (!set) return set.error();
  return fault;
}

json::object describe(const Fault& fault) {
  json::object object{{"kind", to_string(fault.kind)}, {"after", fault.after}, {"seconds", fault.seconds}};
  if (fault.operation) object["operation"] = to_string(*fault.operation);
  if (fault.count) object["count"] = *fault.count;
  if (fault.kind == Kind::error) object["status"] = fault.error.status;
  if (fault.kind == Kind::error) object["type"] = fault.error.type;
  return object;
}

}  // namespace

std::string_view to_string(Kind kind) {
  for (const auto& [name, value] : kinds)
    if (value == kind) return name;
  return {};
}

std::string fault_kinds() {
  std::string text;
  for (const auto& [name, kind] : kinds) text.append(name).append(", ");
  return text + "429, 500, 503";
}

base::Result<void> Faults::add(std::string_view text) {
  boost::system::error_code problem;
  auto value = json::parse(text, problem);
  if (problem || !value.is_object()) value = json::object{{"kind", text}};
  auto fault = parse_fault(value.get_object());
  if (!fault) return fault.error();
  faults_.push_back(std::move(*fault));
  return {};
}

json::array Faults::to_json() const {
  json::array array;
  for (const auto& fault : faults_) array.emplace_back(describe(fault));
  return array;
}

std::optional<Fault> Faults::take(Operation operation) {
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (at->operation && *at->operation != operation) continue;
    if (at->after > 0) {
      --at->after;
      continue;
    }
    Fault fault = *at;
    if (at->count && --*at->count == 0) faults_.erase(at);
    return fault;
  }
  return std::nullopt;
}

void spoil_page(Kind kind, const std::string& token, const std::string& again, json::object& page) {
  auto* entries = page.if_contains("SuppressedDestinationSummaries");
  if (entries == nullptr) return;
  auto& array = entries->as_array();
  if (kind == Kind::short_page) array.resize(array.size() / 2);
  if (kind == Kind::empty_page || kind == Kind::hollow_page) array.clear();
  if (kind == Kind::short_page || kind == Kind::empty_page) page.erase("NextToken");
  if (kind == Kind::hollow_page) page["NextToken"] = again;
  if (kind == Kind::repeated_token && !token.empty()) page["NextToken"] = token;
}

}  // namespace postern::sandbox
