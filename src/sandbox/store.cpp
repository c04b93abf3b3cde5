#include "store.hpp"

#include <boost/json.hpp>

#include "files.hpp"

namespace postern::sandbox {
namespace {

boost::json::object to_json(const Outcome& outcome) {
  boost::json::object object{{"address", outcome.address}, {"result", outcome.result}};
  const auto add = [&object](std::string_view name, std::string_view value) {
    if (!value.empty()) object[name] = value;
  };
  add("reason", outcome.reason ? to_string(*outcome.reason) : std::string_view());
  add("bounceType", outcome.bounce_type);
  add("bounceSubType", outcome.bounce_subtype);
  add("diagnosticCode", outcome.diagnostic_code);
  add("complaintFeedbackType", outcome.complaint_feedback_type);
  return object;
}

boost::json::array to_json(const std::vector<Outcome>& recipients) {
  boost::json::array array;
  for (const auto& outcome : recipients) array.emplace_back(to_json(outcome));
  return array;
}

std::string to_json(const Record& record, std::size_t bytes) {
  boost::json::object object;
  object["id"] = record.id;
  object["time"] = base::to_rfc3339(record.time);
  object["from"] = record.envelope.from;
  object["to"] = boost::json::value_from(record.envelope.to);
  object["outcome"] = record.outcome;
  object["recipients"] = to_json(record.recipients);
  if (!record.configuration_set.empty()) object["configuration_set"] = record.configuration_set;
  object["bytes"] = bytes;
  object["user"] = record.user;
  object["tls"] = record.tls;
  object["helo"] = record.helo;
  object["client"] = record.client;
  return boost::json::serialize(object) + "\n";
}

}  // namespace

base::Result<Store> Store::open(const std::string& data_directory) {
  auto directory = data_directory + "/messages";
  if (const auto made = make_directory(directory); !made) return made.error();
  return Store(std::move(directory));
}

base::Result<void> Store::keep(const Record& record, std::string_view message) const {
  const auto name = directory_ + "/" + record.id;
  if (const auto written = write_file(name + ".eml", message); !written) return written;
  return write_file(name + ".json", to_json(record, message.size()));
}

}  // namespace postern::sandbox
