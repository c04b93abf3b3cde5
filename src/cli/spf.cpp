// postern spf: an SPF evaluation, term by term, for people who have to repair a record.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <ostream>

#include "cli/command.hpp"
#include "cli/network.hpp"
#include "postern/app/exit_code.hpp"
#include "postern/mail/address.hpp"
#include "postern/policy/spf.hpp"

namespace postern::cli {

namespace json = boost::json;

namespace {

// What strangers publish may hold anything, orders to a terminal too; JSON wants UTF-8.
std::string printable(std::string text) {
  for (auto& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

struct Question {
  std::string domain, ip, from, helo;
  bool as_json = false;
};

// The command is of use on machines that have no postern.yaml: then the system's DNS is asked.
app::Config config_or_defaults(const Invocation& invocation) {
  if (!invocation.config_given && !std::filesystem::exists(invocation.config_file)) return {};
  return load(invocation);
}

struct Client {
  net::IpAddress ip;
  std::string note;  // why this one
};

// Without --ip: SES, as the record has to authorise it.
Client client_of(const Question& question, const app::Config& config, Network& network) {
  if (!question.ip.empty()) {
    const auto ip = net::IpAddress::parse(question.ip);
    if (ip.has_error()) throw Failure{app::exit_usage, "--ip: " + ip.error().message};
    return {*ip, {}};
  }
  for (const auto& authorised : config.spf.authorised) {
    const auto given = net::Network::parse(authorised);
    if (given.has_value()) return {given->address, "first of " + authorised + " in spf.authorised"};
    const auto survey = network.run(policy::survey_spf(network.dns(), authorised));
    if (!survey.networks.empty())
      return {survey.networks.front().address, "first that SPF of " + authorised + " lists"};
  }
  throw Failure{app::exit_unavailable, "no network of spf.authorised could be found in the DNS: give --ip"};
}

json::object to_json(const policy::SpfTerm& term) {
  json::object out;
  out["domain"] = printable(term.domain);
  out["depth"] = term.depth;
  out["term"] = printable(term.text);
  out["match"] = term.match;
  out["result"] = std::string(policy::to_string(term.result));
  out["lookups"] = term.lookups;
  out["void_lookups"] = term.void_lookups;
  out["note"] = printable(term.note);
  return out;
}

json::object to_json(const policy::SpfReport& report, const policy::SpfQuery& query) {
  json::object out;
  out["result"] = std::string(policy::to_string(report.result));
  out["lookups"] = report.lookups;
  out["void_lookups"] = report.void_lookups;
  out["explanation"] = report.explanation;
  out["problem"] = printable(report.problem);
  out["domain"] = printable(query.domain);
  out["ip"] = query.ip.to_string();
  out["sender"] = printable(query.sender);
  out["record"] = printable(report.record);
  json::array terms;
  for (const auto& term : report.terms) terms.push_back(to_json(term));
  out["terms"] = std::move(terms);
  return out;
}

void print_term(std::ostream& out, const policy::SpfTerm& term) {
  const std::string indented =
      std::string(static_cast<std::size_t>(2 + 2 * term.depth), ' ') + printable(term.text);
  const std::string verdict =
      term.match ? fmt::format("match: {}", policy::to_string(term.result)) : std::string("no match");
  out << fmt::format("{:<44} {:<16} look-ups {:>2}", indented, verdict, term.lookups);
  if (!term.note.empty()) out << "  " << printable(term.note);
  out << "\n";
}

// The record that was evaluated, or the several that could not be. Where the DNS told nothing, neither.
void print_records(std::ostream& out, const policy::SpfReport& report, const std::string& domain,
                   const std::vector<std::string>& published) {
  if (!report.record.empty()) {
    out << printable(domain + ": " + report.record) << "\n";
  } else if (report.result == policy::SpfResult::none) {
    out << printable(domain) << ": no SPF record\n";
  }
  if (published.size() < 2) return;
  for (const auto& record : published) out << printable(domain + ": " + record) << "\n";
}

void print(std::ostream& out, const policy::SpfReport& report, const policy::SpfQuery& query,
           const std::string& note) {
  std::string at = query.domain;
  for (const auto& term : report.terms) {
    if (term.domain != at)
      out << std::string(static_cast<std::size_t>(2 * term.depth), ' ') << "  in " << printable(term.domain)
          << ":\n";
    at = term.domain;
    print_term(out, term);
  }
  out << fmt::format("result: {} for {}{} and sender {}\n", policy::to_string(report.result),
                     query.ip.to_string(), note.empty() ? "" : " (" + note + ")", printable(query.sender));
  if (!report.problem.empty()) out << "problem: " << printable(report.problem) << "\n";
  if (!report.explanation.empty()) out << "explanation: " << report.explanation << "\n";
  out << fmt::format("look-ups: {} of 10, without an answer: {} of 2\n", report.lookups, report.void_lookups);
}

void check_domain(const std::string& domain) {
  const bool plain = !domain.empty() && domain.find_first_of("@/: \t") == std::string::npos;
  if (plain) return;
  const auto at = domain.find('@');
  const std::string hint =
      at == std::string::npos ? "" : "; postern spf " + domain.substr(at + 1) + " --from " + domain;
  throw Failure{app::exit_usage, "'" + domain + "' is no domain" + hint};
}

int explain(const Invocation& invocation, const Question& question) {
  check_domain(question.domain);
  const auto config = config_or_defaults(invocation);
  Network network(config.dns);
  const auto client = client_of(question, config, network);
  policy::SpfQuery query;
  query.ip = client.ip;
  query.domain = question.domain;
  query.sender = question.from.empty() ? "postmaster@" + question.domain : question.from;
  query.helo = question.helo.empty() ? question.domain : question.helo;
  query.receiver = config.hostname;
  policy::SpfOptions options;
  options.keep_terms = true;
  const auto report = network.run(policy::check_host(network.dns(), query, options));
  if (question.as_json) {
    invocation.terminal.out << json::serialize(to_json(report, query)) << "\n";
  } else {
    const auto survey = network.run(policy::survey_spf(network.dns(), query.domain));
    print_records(invocation.terminal.out, report, query.domain, survey.records);
    print(invocation.terminal.out, report, query, client.note);
  }
  return app::exit_ok;
}

}  // namespace

void add_spf(CLI::App& program, Invocation& invocation) {
  auto* command = program.add_subcommand("spf", "Explain an SPF evaluation term by term");
  auto question = std::make_shared<Question>();
  command->add_option("DOMAIN", question->domain, "whose record to begin with")->required();
  command->add_option("--ip", question->ip, "address of the sending client; without it the first of SES");
  command->add_option("--from", question->from, "MAIL FROM, for macros; without it postmaster@DOMAIN");
  command->add_option("--helo", question->helo, "name in EHLO, for macros; without it DOMAIN");
  command->add_flag("--json", question->as_json, "one JSON object");
  command->footer(
      "Asks the servers of dns.servers, or the system's. Exits 0 whatever the result.\n"
      "Example:\n  postern spf example.com --ip 54.240.1.1");
  command->callback([&invocation, question] {
    invocation.run = [&invocation, question] { return explain(invocation, *question); };
  });
}

}  // namespace postern::cli
