// doctor: what this machine and the upstream have to give.
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/doctor.hpp"
#include "postern/delivery/probe.hpp"

namespace postern::cli {

namespace {

using Level = Finding::Level;

std::string remedy_of(delivery::Phase phase) {
  using delivery::Phase;
  switch (phase) {
    case Phase::connect:
      return "Is the endpoint right, and are outgoing connections to its port allowed? Port 25 is throttled "
             "on "
             "EC2 and closed in many networks: use 587 or 2587.";
    case Phase::start_tls:
      return "Certificate and host name are verified: is the endpoint right, are the system's certificates "
             "(ca-certificates) installed, or does a server of your own need upstream.ca_file?";
    case Phase::auth:
      return "SMTP credentials belong to one region and are not the keys of the API: make them in the SES "
             "console under SMTP settings, or by postern smtp-password.";
    case Phase::greeting:
    case Phase::ehlo:
    case Phase::mail:
    case Phase::rcpt:
    case Phase::data:
    case Phase::body:
      return "The server answers, but not as SES does: is the endpoint right?";
  }
  return {};
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{} MiB", bytes >> 20);
}

}  // namespace

void check_disk(const Patient& patient, const Tell& tell) {
  const auto& config = patient.snapshot.config;
  const auto& path = config.state_dir;
  struct statvfs room {};
  if (::statvfs(path.c_str(), &room) != 0) {
    tell({Level::fail,
          "disk",
          path,
          std::strerror(errno),
          fmt::format("Create it for the daemon's user, or set state_dir (this is uid {}).", ::geteuid()),
          {}});
    return;
  }
  const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    tell({Level::warn,
          "disk",
          path,
          fmt::format("not writable for uid {}", ::geteuid()),
          "Run doctor as the daemon's user to be sure that it can write there.",
          {}});
  } else if (free < config.limits.min_free) {
    tell({Level::fail,
          "disk",
          path,
          megabytes(free) + " free, less than limits.min_free",
          "Mail is answered 452 until there is room: free some, or lower limits.min_free.",
          {}});
  } else {
    tell({Level::ok, "disk", path, megabytes(free) + " free", {}, {}});
  }
}

void check_upstreams(const Patient& patient, const Tell& tell) {
  auto& network = patient.network;
  for (const auto& upstream : patient.snapshot.delivery->upstreams) {
    const auto probed =
        network.run(delivery::probe(upstream, network.dialer(), network.clock(), patient.disk));
    if (probed.ready) {
      const std::string how =
          upstream.username.empty() ? "ready, without credentials" : "ready, credentials accepted";
      tell({Level::ok, "upstream", probed.relay, how, {}, {}});
    } else {
      tell({Level::fail, "upstream", probed.relay, probed.reason, remedy_of(probed.phase), {}});
    }
  }
}

}  // namespace postern::cli
