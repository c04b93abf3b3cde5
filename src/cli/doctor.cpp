#include "cli/doctor.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace {

std::string_view word(Finding::Level level) {
  switch (level) {
    case Finding::Level::ok:
      return "ok";
    case Finding::Level::warn:
      return "warn";
    case Finding::Level::fail:
      return "fail";
  }
  return "fail";
}

app::SnapshotPtr load_all(const Invocation& invocation) {
  auto loaded = app::load_snapshot(invocation.config_file);
  if (loaded.has_value()) return std::move(*loaded);
  for (const auto& problem : loaded.error())
    invocation.terminal.err << app::to_string(problem, invocation.config_file) << '\n';
  throw Failure{app::exit_config, {}};
}

int examine(const Invocation& invocation, bool as_json) {
  const auto snapshot = load_all(invocation);
  Network network(snapshot->config.dns);
  base::Pool disk("disk", 1);
  const Patient patient{*snapshot, network, disk};
  bool failed = false;
  const Tell tell = [&](const Finding& finding) {
    failed = failed || finding.level == Finding::Level::fail;
    invocation.terminal.out << (as_json ? boost::json::serialize(to_json(finding)) : to_line(finding))
                            << "\n";
    invocation.terminal.out.flush();  // a check may take seconds: what is known is shown
  };
  for (const auto& warning : app::warnings(snapshot->config))
    tell({Finding::Level::warn, "config", warning.key, warning.message, {}, {}});
  check_disk(patient, tell);
  check_upstreams(patient, tell);
  check_dkim(patient, tell);
  check_alignment(patient, tell);
  check_sync(patient, tell);
  return failed ? app::exit_no : app::exit_ok;
}

}  // namespace

// "fail  spf        example.com: ...", remedy and record on lines of their own, so that they can be copied.
std::string to_line(const Finding& finding) {
  std::string out =
      fmt::format("{:<5} {:<10} {}: {}", word(finding.level), finding.check, finding.subject, finding.text);
  if (!finding.remedy.empty()) out += "\n      " + finding.remedy;
  if (!finding.record.empty()) out += "\n      " + finding.record;
  return out;
}

boost::json::object to_json(const Finding& finding) {
  boost::json::object out;
  out["level"] = std::string(word(finding.level));
  out["check"] = finding.check;
  out["subject"] = finding.subject;
  out["text"] = finding.text;
  if (!finding.remedy.empty()) out["remedy"] = finding.remedy;
  if (!finding.record.empty()) out["record"] = finding.record;
  return out;
}

void add_doctor(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("doctor", "Look at the world that the configuration speaks of");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "one JSON object a line");
  command->footer(
      "Disk, upstream with TLS and credentials, DKIM keys against their DNS records, SPF, DMARC and custom\n"
      "MAIL FROM of the domains that are sent from, and the suppression list's synchronisation. Sends no "
      "mail,\n"
      "changes nothing. Exits 1 when something fails.\n"
      "Example:\n  postern doctor -c /etc/postern/postern.yaml");
  command->callback([&invocation, as_json] {
    invocation.run = [&invocation, as_json] { return examine(invocation, *as_json); };
  });
}

}  // namespace postern::cli
