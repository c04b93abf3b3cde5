#include "store.hpp"

#include <boost/json.hpp>

#include "files.hpp"

namespace postern::sandbox {
namespace {

std::string to_json(const Record& record, std::size_t bytes) {
  boost::json::object object;
  object["id"] = record.id;
  object["time"] = base::to_rfc3339(record.time);
  object["from"] = record.envelope.from;
  object["to"] = boost::json::value_from(record.envelope.to);
  object["outcome"] = record.outcome;
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
