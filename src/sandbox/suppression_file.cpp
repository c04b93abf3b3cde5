#include "suppression_file.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>

#include "files.hpp"

namespace postern::sandbox {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

base::WallTime time_of(const json::object& object, base::WallTime otherwise) {
  const auto* value = object.if_contains("LastUpdateTime");
  if (value == nullptr) return otherwise;
  boost::system::error_code problem;
  const auto seconds = value->to_number<double>(problem);
  return problem ? otherwise : from_epoch(seconds);
}

// False: no line of ours.
bool play(const std::string& line, base::WallTime now, SuppressionList& into) {
  boost::system::error_code problem;
  const auto value = json::parse(line, problem);
  if (problem || !value.is_object()) return false;
  const auto& object = value.get_object();
  Suppressed entry;
  entry.address = text_of(object, "EmailAddress");
  if (entry.address.empty()) return false;
  if (object.contains("Deleted")) {
    into.erase(entry.address);
    return true;
  }
  const auto reason = parse_reason(text_of(object, "Reason"));
  if (!reason) return false;
  entry.reason = *reason;
  entry.updated = time_of(object, now);
  if (object.contains("MessageId"))
    entry.cause = std::make_shared<SuppressionCause>(
        SuppressionCause{text_of(object, "MessageId"), text_of(object, "FeedbackId")});
  into.put(std::move(entry));
  return true;
}

}  // namespace

base::Result<void> load_suppressions(const std::string& path, base::WallTime now, SuppressionList& into) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::system_error(path, errno);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || play(line, now, into)) continue;
    return base::fail(base::Errc::invalid,
                      fmt::format("{}:{}: not an entry of a suppression list", path, number));
  }
  return {};
}

base::Result<void> SuppressionJournal::put(const Suppressed& entry) const {
  json::object object;
  object["EmailAddress"] = entry.address;
  object["Reason"] = to_string(entry.reason);
  object["LastUpdateTime"] = to_epoch(entry.updated);
  if (entry.cause) {
    object["MessageId"] = entry.cause->message_id;
    object["FeedbackId"] = entry.cause->feedback_id;
  }
  return append(json::serialize(object));
}

base::Result<void> SuppressionJournal::erase(const std::string& address) const {
  return append(json::serialize(json::object{{"EmailAddress", address}, {"Deleted", true}}));
}

base::Result<void> SuppressionJournal::append(const std::string& line) const {
  return append_to_file(path_, line + "\n");
}

double to_epoch(base::WallTime when) {
  return static_cast<double>(when.time_since_epoch().count()) / 1000;
}

base::WallTime from_epoch(double seconds) {
  return base::WallTime(base::Duration(std::llround(seconds * 1000)));
}

}  // namespace postern::sandbox
