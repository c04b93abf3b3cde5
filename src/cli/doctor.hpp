// postern doctor: what stands between this configuration and mail that arrives, looked for in the world.
// Each check gives findings; the command prints them as they come. Main thread.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "cli/network.hpp"
#include "postern/app/snapshot.hpp"
#include "postern/base/offload.hpp"

namespace postern::cli {

struct Finding {
  enum class Level { ok, warn, fail };
  Level level = Level::ok;
  std::string check;    // disk, upstream, dkim, spf, dmarc, mail_from, sync ...
  std::string subject;  // the domain, host or path that was looked at
  std::string text;     // what was found
  std::string remedy;   // what to do; empty when all is well
  std::string record;   // to publish in the DNS, as a line of a zone file; empty: none
};

using Tell = std::function<void(Finding)>;

struct Patient {
  const app::Snapshot& snapshot;
  Network& network;
  base::Pool& disk;
};

void check_disk(const Patient& patient, const Tell& tell);
void check_upstreams(const Patient& patient, const Tell& tell);
void check_dkim(const Patient& patient, const Tell& tell);
void check_sync(const Patient& patient, const Tell& tell);
void check_alignment(const Patient& patient, const Tell& tell);

// Domains that this configuration sends from, as far as it tells: of keys, rewriting, MAIL FROM,
// access.senders.
std::vector<std::string> sending_domains(const app::Config& config);

std::string to_line(const Finding& finding);
boost::json::object to_json(const Finding& finding);

}  // namespace postern::cli
