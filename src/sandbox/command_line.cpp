#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "api_fault.hpp"
#include "postern/base/text.hpp"

namespace postern::sandbox {
namespace {

// NAME=REPLY -> the entry; REPLY as it goes over the wire, "451 4.4.1 later".
base::Result<void> add_failure(const std::string& text, Failures& into) {
  const auto equals = text.find('=');
  smtp::ReplyParser parser;
  const bool good =
      equals != std::string::npos && equals > 0 &&
      parser.add_line(std::string_view(text).substr(equals + 1)) == smtp::ReplyParser::Status::done;
  auto reply = good ? parser.take() : smtp::Reply();
  if (reply.code < 400)
    return base::fail(base::Errc::invalid, "not NAME=REPLY with a 4xx or 5xx reply: " + text);
  into[base::to_lower(text.substr(0, equals))] = std::move(reply);
  return {};
}

base::Result<void> add_failures(const std::vector<std::string>& texts, Failures& into) {
  for (const auto& text : texts) {
    auto added = add_failure(text, into);
    if (!added) return added;
  }
  return {};
}

// It takes any password and keeps what it gets in clear: never for a network.
base::Result<void> check_address(const std::string& text) {
  const auto address = net::HostPort::parse(text);
  if (!address) return address.error();
  const auto ip = net::IpAddress::parse(address->host);
  if (!ip || !ip->is_loopback())
    return base::fail(base::Errc::invalid, text + ": only a loopback address is listened on");
  return {};
}

// They stand in the ready line, words apart by blanks.
base::Result<void> check_word(const std::string& name, const std::string& text) {
  const auto graphic = [](char c) { return c > ' ' && c <= '~'; };
  if (std::all_of(text.begin(), text.end(), graphic)) return {};
  return base::fail(base::Errc::invalid, name + ": only printable ASCII without blanks");
}

struct Texts {
  std::vector<std::string> at_recipient, after_data, denied;
};

base::Result<void> add_denied(const std::vector<std::string>& names, std::vector<Operation>& into) {
  for (const auto& name : names) {
    const auto operation = parse_operation(name);
    if (!operation) return base::fail(base::Errc::invalid, "--deny: no such operation: " + name);
    into.push_back(*operation);
  }
  return {};
}

base::Result<void> check_faults(const std::vector<std::string>& texts) {
  Faults faults;
  for (const auto& text : texts) {
    auto added = faults.add(text);
    if (!added) return added;
  }
  return {};
}

// One value each time it is said: else it would swallow what stands behind it.
void repeatable(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                const std::string& description) {
  app.add_option(name, into, description)->allow_extra_args(false);
}

void declare_suppression(CLI::App& app, Options& options) {
  repeatable(app, "--bounce", options.misfortunes.bounce,
             "pattern (*, ?) of addresses that hard-bounce and so enter the suppression list; "
             "*@bounce.example does anyway");
  repeatable(app, "--complain", options.misfortunes.complain,
             "pattern of addresses that complain and so enter the list; *@complaint.example does anyway");
  repeatable(app, "--configuration-set", options.configuration_sets,
             "name of a configuration set; none: messages may name any, the API knows none");
  app.add_option("--suppressed", options.suppressed,
                 "file to begin the suppression list with: JSON lines {\"EmailAddress\", \"Reason\", "
                 "\"LastUpdateTime\"}, taken as they are; changes are kept in the directory");
  app.add_option("--suppressed-count", options.suppressed_count, "made-up entries to begin the list with");
}

void declare_api(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--api", options.api, "loopback address to serve SES v2 on, HTTPS; port 0 takes a free one");
  app.add_option("--access-key-id", options.access_key_id, "else made up and kept in the directory");
  app.add_option("--secret-access-key", options.secret_access_key, "else made up and kept in the directory");
  app.add_option("--session-token", options.session_token,
                 "that requests have to carry, as of temporary keys");
  app.add_option("--api-rate", options.api_rate, "requests a second (SES: 1); 0: no limit")
      ->check(CLI::NonNegativeNumber);
  repeatable(app, "--deny", texts.denied, "operation that the key may not do, as ListSuppressedDestinations");
  app.add_flag(
      "--legacy-error-names", options.legacy_error_names,
      "SignatureDoesNotMatch, InvalidClientTokenId and RequestTimeTooSkewed, not the names of SES v2");
  repeatable(
      app, "--api-fault", options.api_faults,
      "a KIND, or JSON {\"kind\": KIND, \"operation\": NAME, \"after\": requests that pass before, "
      "\"count\": times, \"seconds\": N, \"status\": N, \"type\": T, \"message\": M}; KIND is one of " +
          fault_kinds() +
          ". While it runs: POST the same to URL/_sandbox/fault, GET lists, DELETE takes all away; GET "
          "URL/_sandbox/requests tells what was asked");
}

void declare(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--data", options.data, "directory for messages, TLS files and credentials")->required();
  app.add_option("--smtp", options.smtp, "loopback address to listen on; port 0 takes a free one")
      ->capture_default_str();
  const auto set_tls = [&options](const std::string& mode) {
    options.tls = mode == "implicit" ? TlsMode::implicit : TlsMode::starttls;
  };
  app.add_option_function<std::string>("--tls", set_tls, "starttls (as port 587) or implicit (as port 465)")
      ->check(CLI::IsMember({"starttls", "implicit"}));
  app.add_option("--region", options.region, "region that host name, ids and replies speak of")
      ->capture_default_str();
  app.add_option("--user", options.user, "SMTP user name; else made up and kept in the directory");
  app.add_option("--password", options.password, "SMTP password; else made up and kept in the directory");
  repeatable(app, "--verified", options.verified, "a verified domain or address; none: all are");
  app.add_option("--rate", options.rate, "recipients a second; 0: no limit")->check(CLI::NonNegativeNumber);
  app.add_option("--quota", options.quota, "recipients within 24 hours; 0: no limit");
  app.add_option("--max-size", options.max_size, "bytes of a message")->capture_default_str();
  app.add_option("--max-connections", options.max_connections, "at the same time; one more gets 421")
      ->capture_default_str();
  repeatable(app, "--fail-rcpt", texts.at_recipient,
             "NAME=REPLY: answer to RCPT for the local part NAME, as 'gone=553 <gone> address unknown'");
  repeatable(app, "--fail-data", texts.after_data,
             "NAME=REPLY: answer after the data, as 'slow=454 Temporary service failure'; 421 closes");
  declare_suppression(app, options);
  declare_api(app, options, texts);
}

base::Result<void> check(Options& options, const Texts& texts) {
  for (auto result :
       {check_address(options.smtp), options.api.empty() ? base::Result<void>() : check_address(options.api),
        check_word("--user", options.user), check_word("--password", options.password),
        check_word("--region", options.region), check_word("--access-key-id", options.access_key_id),
        check_word("--secret-access-key", options.secret_access_key),
        add_failures(texts.at_recipient, options.at_recipient),
        add_failures(texts.after_data, options.after_data), add_denied(texts.denied, options.denied),
        check_faults(options.api_faults)})
    if (!result) return result;
  return {};
}

}  // namespace

base::Result<std::optional<Options>> parse_command_line(int argc, const char* const* argv) {
  Options options;
  Texts texts;
  CLI::App app("postern-sandbox: a stand-in for SES, on loopback only", "postern-sandbox");
  declare(app, options, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return std::optional<Options>();
  } catch (const CLI::ParseError& problem) {
    return base::fail(base::Errc::invalid, problem.what());
  }
  if (const auto good = check(options, texts); !good) return good.error();
  return std::optional<Options>(std::move(options));
}

}  // namespace postern::sandbox
