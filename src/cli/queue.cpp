// postern queue: what mailq, postqueue, postcat and postsuper do.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>

#include "cli/command.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

constexpr const char* tried_now = "tried now";

std::string when(std::uint64_t seconds) {
  const base::WallTime time{std::chrono::seconds(seconds)};
  return base::to_rfc3339(time).substr(0, 19) + "Z";
}

std::string marked(const json::object& row) {
  const std::string queue = text(row, "queue_name");
  return text(row, "queue_id") + (queue == "active" ? "*" : queue == "hold" ? "!" : " ");
}

void print_row(std::ostream& out, const json::object& row) {
  out << fmt::format("{:<17} {:>9} {:<20}  {}\n", marked(row), number(row, "message_size"),
                     when(number(row, "arrival_time")), text(row, "sender"));
  for (const auto& value : row.at("recipients").as_array()) {
    const auto& recipient = value.as_object();
    const std::string reason = text(recipient, "delay_reason");
    if (!reason.empty()) out << fmt::format("{:>50}({})\n", "", reason);
    out << fmt::format("{:>50}{}\n", "", text(recipient, "address"));
  }
}

void print_trailer(std::ostream& out, const json::object& page) {
  const auto total = number(page, "total");
  if (total == 0) {
    out << "Mail queue is empty\n";
  } else {
    out << fmt::format("-- {} KiB in {} {}.\n", (number(page, "bytes") + 1023) / 1024, total,
                       total == 1 ? "request" : "requests");
  }
  const auto& delivery = page.at("delivery").as_object();
  if (!delivery.at("paused").as_bool()) return;
  out << "Delivery is paused: " << text(delivery, "reason");
  if (const auto error = text(delivery, "last_error"); !error.empty()) out << " (" << error << ")";
  out << "\n";
}

int list(const Invocation& invocation, bool as_json) {
  const auto backend = open_backend(invocation);
  auto& out = invocation.terminal.out;
  json::object page;
  std::string after;
  bool first = true;
  do {
    page = call(*backend, request("GET", "/api/v1/queue", "limit=1000&after=" + percent_encode(after)));
    for (const auto& value : page.at("messages").as_array()) {
      if (as_json) {
        out << json::serialize(value) << "\n";
        continue;
      }
      if (std::exchange(first, false))
        out << "-Queue ID--------  --Size-- ---Arrival Time----- -Sender/Recipient-------\n";
      print_row(out, value.as_object());
    }
    after = text(page, "next");
  } while (!after.empty());
  if (!as_json) print_trailer(out, page);
  return app::exit_ok;
}

std::string path_of(const std::string& id, const std::string& what = {}) {
  return "/api/v1/queue/" + percent_encode(id) + (what.empty() ? "" : "/" + what);
}

void print_envelope(std::ostream& out, const json::object& row) {
  out << fmt::format(
      "*** ENVELOPE {} ***\nqueue: {}\nsize: {}\narrived: {}\nsender: {}\nclient: {}\nstream: {}\n",
      text(row, "queue_id"), text(row, "queue_name"), number(row, "message_size"),
      when(number(row, "arrival_time")), text(row, "sender"), text(row, "client"), text(row, "stream"));
  for (const auto& value : row.at("recipients").as_array()) {
    const auto& r = value.as_object();
    out << fmt::format("recipient: {} {} attempts={}", text(r, "address"), text(r, "state"),
                       number(r, "attempts"));
    if (const auto due = text(r, "due"); !due.empty()) out << " due=" << due;
    if (const auto reason = text(r, "delay_reason"); !reason.empty()) out << " reason=\"" << reason << '"';
    out << "\n";
  }
}

int show(const Invocation& invocation, const std::string& id) {
  const auto backend = open_backend(invocation);
  auto& out = invocation.terminal.out;
  const auto row = call(*backend, request("GET", path_of(id)));
  const auto content = call_raw(*backend, request("GET", path_of(id, "content")));
  print_envelope(out, row);
  out << "*** MESSAGE CONTENTS ***\n" << content.body;
  for (const auto& [name, value] : content.headers) {
    if (name != "X-Postern-Body-File" && name != "x-postern-body-file") continue;
    std::ifstream body(value, std::ios::binary);
    if (!body) throw Failure{app::exit_no_permission, "can't read " + value};
    if (body.peek() != std::ifstream::traits_type::eof()) out << body.rdbuf();
  }
  return app::exit_ok;
}

int change(const Invocation& invocation, const net::HttpRequest& asked, const std::string& done) {
  const auto backend = open_backend(invocation);
  const auto answer = call(*backend, asked);
  const auto count = number(answer, "messages");
  const bool tried = done == tried_now && !backend->daemon_runs();
  invocation.terminal.out << fmt::format("{}: {} {}\n", tried ? "due when the daemon starts" : done, count,
                                         count == 1 ? "message" : "messages");
  return app::exit_ok;
}

void add_change(CLI::App& queue, Invocation& invocation, const std::string& action, const std::string& help,
                const std::string& done) {
  auto* command = queue.add_subcommand(action, help);
  auto id = std::make_shared<std::string>("all");
  auto* option = command->add_option("ID", *id, "queue id, or \"all\"")->type_name("");
  if (action != "flush") option->required();
  command->callback([&invocation, id, action, done] {
    invocation.run = [&invocation, id, action, done] {
      const auto asked =
          action == "delete" ? request("DELETE", path_of(*id)) : request("POST", path_of(*id, action));
      return change(invocation, asked, done);
    };
  });
}

}  // namespace

void add_queue(CLI::App& program, Invocation& invocation) {
  auto* queue = program.add_subcommand("queue", "Show and change the mail that waits");
  queue->require_subcommand(1);
  queue->footer(
      "Examples:\n  postern queue list\n  postern queue list --json | jq .queue_id\n"
      "  postern queue show 1J9XK2M3NQ4R5S6T\n  postern queue flush\n  postern queue delete all\n"
      "In the list * marks messages that are being sent, ! those on hold.");
  auto* listing = queue->add_subcommand("list", "List the messages in the spool, as mailq does");
  auto as_json = std::make_shared<bool>(false);
  listing->add_flag("--json", *as_json, "one object a line, as postqueue -j");
  listing->callback([&invocation, as_json] {
    invocation.run = [&invocation, as_json] { return list(invocation, *as_json); };
  });
  auto* showing = queue->add_subcommand("show", "Print envelope, state and content of a message");
  auto id = std::make_shared<std::string>();
  showing->add_option("ID", *id, "queue id")->required()->type_name("");
  showing->callback(
      [&invocation, id] { invocation.run = [&invocation, id] { return show(invocation, *id); }; });
  add_change(*queue, invocation, "flush", "Try messages now instead of at their next due time", tried_now);
  add_change(*queue, invocation, "hold", "Put messages on hold: they are not tried until released",
             "on hold");
  add_change(*queue, invocation, "release", "Release messages from hold and try them now", "released");
  add_change(*queue, invocation, "delete", "Delete messages for good; nobody is told", "deleted");
}

}  // namespace postern::cli
