// postern log: what became of messages, from the ledger.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/command.hpp"
#include "cli/duration.hpp"
#include "postern/app/exit_code.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

struct Search {
  std::string to, from, id, since;
  std::size_t limit = 1000;
  bool as_json = false;
};

std::string query_of(const Search& search) {
  std::string out = "limit=" + std::to_string(search.limit);
  const auto add = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("&{}={}", name, percent_encode(value));
  };
  add("to", search.to);
  add("from", search.from);
  add("id", search.id);
  if (!search.since.empty()) {
    const auto since = parse_since(search.since, base::SystemClock().wall_now());
    if (since.has_error()) throw failure_of(since.error());
    add("since", base::to_rfc3339(*since));
  }
  return out;
}

// The fields of the daemon's own delivery line, in its order.
void print_row(std::ostream& out, const json::object& row) {
  out << fmt::format("{} {} from=<{}> to=<{}>", text(row, "time"), text(row, "id"), text(row, "from"),
                     text(row, "to"));
  if (const auto relay = text(row, "relay"); !relay.empty()) out << " relay=" << relay;
  out << fmt::format(" delay={:.1f}", row.at("delay").to_number<double>());
  if (const auto dsn = text(row, "dsn"); !dsn.empty()) out << " dsn=" << dsn;
  out << " status=" << text(row, "status");
  if (const auto reply = text(row, "reply"); !reply.empty())
    out << " reply=" << json::serialize(json::value(reply));
  if (const auto ses_id = text(row, "ses_id"); !ses_id.empty()) out << " ses_id=" << ses_id;
  if (const auto reason = text(row, "reason"); !reason.empty())
    out << " reason=" << json::serialize(json::value(reason));
  if (const auto spf = text(row, "spf"); !spf.empty())
    out << fmt::format(" spf={} dmarc={} alignment={}", spf, text(row, "dmarc"),
                       json::serialize(json::value(text(row, "alignment"))));
  out << "\n";
}

int search_log(const Invocation& invocation, const Search& search) {
  const std::string query = query_of(search);
  const auto backend = open_backend(invocation);
  const auto answer = call(*backend, request("GET", "/api/v1/log", query));
  const auto& rows = answer.at("rows").as_array();
  // The newest are asked for; they are read as a log is, the last at the end.
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (search.as_json) {
      invocation.terminal.out << json::serialize(*row) << "\n";
    } else {
      print_row(invocation.terminal.out, row->as_object());
    }
  }
  if (rows.size() == search.limit)
    invocation.terminal.err << "postern: only the newest " << search.limit << " are shown (--limit)\n";
  return app::exit_ok;
}

}  // namespace

void add_log(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("log", "Show what became of messages: one line for each attempt");
  auto search = std::make_shared<Search>();
  command->add_option("--to", search->to, "only this recipient")->type_name("ADDR");
  command->add_option("--from", search->from, "only this envelope sender")->type_name("ADDR");
  command->add_option("--id", search->id, "only this queue id")->type_name("ID");
  command
      ->add_option("--since", search->since, "only attempts since then: 30m, 24h, 7d or 2026-11-24T10:15:30Z")
      ->type_name("WHEN");
  command->add_option("--limit", search->limit, "at most so many, the newest")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", search->as_json, "one object a line");
  command->footer(
      "Examples:\n  postern log --to jane@example.com\n  postern log --since 24h --json | jq -r .ses_id\n"
      "The ledger keeps 30 days.");
  command->callback([&invocation, search] {
    invocation.run = [&invocation, search] { return search_log(invocation, *search); };
  });
}

}  // namespace postern::cli
