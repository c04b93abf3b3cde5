// postern suppression: the list of addresses that must not be mailed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/command.hpp"
#include "cli/suppression_sync.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/mail/address.hpp"
#include "postern/suppression/counting.hpp"
#include "postern/suppression/list.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view collection = "/api/v1/suppression";

std::string path_of(const std::string& address) {
  return fmt::format("{}/{}", collection, percent_encode(address));
}

std::string checked_address(const std::string& given) {
  auto address = mail::parse_mailbox(given);
  if (address.has_error() || address->empty()) throw Failure{app::exit_usage, "not a mail address: " + given};
  return std::move(*address);
}

suppression::Entry entry_of(const json::object& object) {
  const auto since = base::from_rfc3339(text(object, "since"));
  suppression::Entry out;
  out.address = text(object, "address");
  out.reason = text(object, "reason");
  out.source = text(object, "source");
  if (since.has_value()) out.since = *since;
  if (const auto* also = object.if_contains("also"); also != nullptr && also->is_array())
    for (const auto& other : also->get_array()) out.also.push_back(entry_of(other.as_object()));
  return out;
}

std::string describe(const suppression::Entry& entry) {
  return fmt::format("{} since {} ({})", entry.reason, base::to_rfc3339(entry.since).substr(0, 10),
                     entry.source);
}

// Hands each page of the list to `take`.
template <class Take>
void each_page(Backend& backend, Take take) {
  std::string after;
  do {
    const auto page =
        call(backend, request("GET", std::string(collection), "limit=1000&after=" + percent_encode(after)));
    take(page.at("entries").as_array());
    after = text(page, "next");
  } while (!after.empty());
}

int list(const Invocation& invocation, bool as_json) {
  const auto backend = open_backend(invocation);
  auto& out = invocation.terminal.out;
  if (!as_json) {
    const auto status = backend->call(request("GET", "/api/v1/suppression/sync"));
    if (status.has_value() && status->status == 200)
      invocation.terminal.err << sync_state(json::parse(status->body).as_object()) << "\n";
  }
  each_page(*backend, [&out, as_json](const json::array& entries) {
    for (const auto& value : entries) {
      const auto entry = entry_of(value.as_object());
      if (as_json) {
        out << json::serialize(value) << "\n";
      } else {
        out << fmt::format("{:<40} {}\n", entry.address, describe(entry));
      }
    }
  });
  return app::exit_ok;
}

int check(const Invocation& invocation, const std::string& given) {
  const std::string address = checked_address(given);
  const auto config = load(invocation);
  auto backend = connect(config);
  if (backend.has_error()) throw failure_of(backend.error());
  const auto answer = (*backend)->call(request("GET", path_of(address)));
  if (answer.has_error()) throw failure_of(answer.error());
  auto& out = invocation.terminal.out;
  if (answer->status == 404) {
    out << address << ": not suppressed\n";
    return app::exit_ok;
  }
  if (answer->status != 200) throw Failure{app::exit_software, answer->body};
  auto entry = entry_of(json::parse(answer->body).as_object());
  const auto now = base::SystemClock().wall_now();
  const auto& counted = config.suppression;
  auto ignored = suppression::not_counted_by(entry, counted.reasons, counted.max_age, now);
  const auto others = entry.also;
  for (const auto& other : others) {
    const auto why = suppression::not_counted_by(other, counted.reasons, counted.max_age, now);
    if (ignored.empty() || !why.empty()) continue;
    entry = other;
    ignored = {};
  }
  if (!ignored.empty()) {
    out << fmt::format("{}: listed: {}, but does not count by {}\n", address, describe(entry), ignored);
    return app::exit_ok;
  }
  out << fmt::format("{}: suppressed: {}\n", address, describe(entry));
  return app::exit_no;
}

struct Change {
  std::string address;
  std::string reason = "MANUAL";
  bool at_ses = false;
};

std::unique_ptr<Backend> backend_for(const Invocation& invocation, const Change& change) {
  return change.at_ses ? running_daemon(invocation) : open_backend(invocation);
}

int add(const Invocation& invocation, const Change& change) {
  json::object entry;
  entry["address"] = checked_address(change.address);
  entry["reason"] = change.reason;
  const auto backend = backend_for(invocation, change);
  const std::string query = change.at_ses ? "ses=true" : "";
  call(*backend, request("POST", std::string(collection), query, json::serialize(entry)));
  return app::exit_ok;
}

int remove(const Invocation& invocation, const Change& change) {
  const std::string address = checked_address(change.address);
  const auto backend = backend_for(invocation, change);
  const auto done = call(*backend, request("DELETE", path_of(address), change.at_ses ? "ses=true" : ""));
  if (const auto* still = done.if_contains("still_at_ses"); still != nullptr && still->as_bool()) {
    invocation.terminal.err
        << address
        << " is still on the list of SES, which drops mail to it, and comes back with the next "
           "full sync: remove it with --ses\n";
  }
  return app::exit_ok;
}

std::string read_all(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) throw Failure{app::exit_usage, "can't read " + file};
  return {std::istreambuf_iterator<char>(in), {}};
}

// In calls of a few thousand, so that the daemon answers in between; lines are checked here, where they can
// be named.
int import(const Invocation& invocation, const std::string& file) {
  constexpr std::size_t page = 2000;
  const std::string content = read_all(file);
  const auto imported = suppression::parse_import(content, base::SystemClock().wall_now());
  for (const auto& problem : imported.problems)
    invocation.terminal.err << fmt::format("{}:{}: {}\n", file, problem.line, problem.message);
  const auto backend = open_backend(invocation);
  std::uint64_t added = 0;
  for (std::size_t at = 0; at < imported.entries.size(); at += page) {
    const auto begin = imported.entries.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = std::min(page, imported.entries.size() - at);
    const std::vector<suppression::Entry> part(begin, begin + static_cast<std::ptrdiff_t>(count));
    const auto answer = call(*backend, request("POST", fmt::format("{}/import", collection), {},
                                               suppression::format_export(part)));
    added += number(answer, "new");
  }
  invocation.terminal.out << fmt::format("{} entries imported, {} of them new, {} lines not understood\n",
                                         imported.entries.size(), added, imported.problems.size());
  return imported.problems.empty() ? app::exit_ok : app::exit_no;
}

int export_all(const Invocation& invocation) {
  const auto backend = open_backend(invocation);
  auto& out = invocation.terminal.out;
  bool first = true;
  each_page(*backend, [&](const json::array& rows) {
    std::vector<suppression::Entry> entries;
    for (const auto& row : rows) entries.push_back(entry_of(row.as_object()));
    const std::string lines = suppression::format_export(entries);
    out << (std::exchange(first, false) ? lines : lines.substr(lines.find('\n') + 1));
  });
  return app::exit_ok;
}

using OnAddress = int (*)(const Invocation&, const std::string&);

CLI::App* add_on_text(CLI::App& group, Invocation& invocation, const std::string& name,
                      const std::string& help, const std::string& argument, OnAddress action) {
  auto* command = group.add_subcommand(name, help);
  auto value = std::make_shared<std::string>();
  command->add_option(argument, *value)->required()->type_name("");
  command->callback([&invocation, value, action] {
    invocation.run = [&invocation, value, action] { return action(invocation, *value); };
  });
  return command;
}

void add_adding(CLI::App& group, Invocation& invocation) {
  auto* command = group.add_subcommand("add", "Put an address on the list, or change its reason");
  auto change = std::make_shared<Change>();
  command->add_option("ADDR", change->address)->required()->type_name("");
  command->add_option("--reason", change->reason, "BOUNCE, COMPLAINT or MANUAL: why it must not be mailed")
      ->type_name("R")
      ->transform(CLI::IsMember({"BOUNCE", "COMPLAINT", "MANUAL"}, CLI::ignore_case))
      ->capture_default_str();
  command->add_flag("--ses", change->at_ses, "on the account's list at SES too");
  command->callback(
      [&invocation, change] { invocation.run = [&invocation, change] { return add(invocation, *change); }; });
}

void add_removing(CLI::App& group, Invocation& invocation) {
  auto* command = group.add_subcommand("remove", "Take an address off the list");
  auto change = std::make_shared<Change>();
  command->add_option("ADDR", change->address)->required()->type_name("");
  command->add_flag("--ses", change->at_ses, "off the account's list at SES too");
  command->callback([&invocation, change] {
    invocation.run = [&invocation, change] { return remove(invocation, *change); };
  });
}

}  // namespace

void add_suppression(CLI::App& program, Invocation& invocation) {
  auto* group =
      program.add_subcommand("suppression", "Show and change the list of addresses not to be mailed");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  postern suppression check jane@example.com\n"
      "  postern suppression add jane@example.com --reason COMPLAINT\n"
      "  postern suppression import list.csv\n  postern suppression export > list.csv\n"
      "A running daemon acts on a change from the next RCPT on. Import takes address,reason,since or a\n"
      "bare address a line, or one JSON object a line as SES lists them (EmailAddress, Reason,\n"
      "LastUpdateTime); - is stdin.");
  auto* listing = group->add_subcommand("list", "List all entries with reason, time and source");
  auto as_json = std::make_shared<bool>(false);
  listing->add_flag("--json", *as_json, "one object a line");
  listing->callback([&invocation, as_json] {
    invocation.run = [&invocation, as_json] { return list(invocation, *as_json); };
  });
  add_on_text(*group, invocation, "check", "Exit 0 when the address may be mailed, 1 when it is suppressed",
              "ADDR", check);
  add_adding(*group, invocation);
  add_removing(*group, invocation);
  add_on_text(*group, invocation, "import", "Add all entries of a file", "FILE", import);
  auto* exporting = group->add_subcommand("export", "Print the whole list in the form that import takes");
  add_suppression_sync(*group, invocation);
  exporting->callback([&invocation] { invocation.run = [&invocation] { return export_all(invocation); }; });
}

}  // namespace postern::cli
