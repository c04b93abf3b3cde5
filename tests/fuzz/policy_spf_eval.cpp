// A zone made of the input, evaluated and surveyed: it ends, within the limits of RFC 7208, whatever the zone
// is. One line a record: TYPE OWNER VALUE, or ! OWNER for one that is not answered for; the first is CLIENT
// SENDER HELO.
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "postern/policy/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string take(std::string& text, char end) {
  const auto at = text.find(end);
  std::string out = text.substr(0, at);
  text.erase(0, at == std::string::npos ? at : at + 1);
  return out;
}

void add_record(support::FakeResolver& zone, std::string line) {
  const auto type = take(line, ' ');
  const auto owner = take(line, ' ');
  if (type == "TXT") zone.txt(owner, line);
  if (type == "A" && net::IpAddress::parse(line)) zone.a(owner, line);
  if (type == "MX") zone.mx(owner, static_cast<std::uint16_t>(line.size()), line);
  if (type == "PTR") zone.ptr(owner, line);
  if (type == "CNAME") zone.cname(owner, line);
  if (type == "!") line == "timeout" ? zone.timeout(owner) : zone.servfail(owner);
}

policy::SpfQuery question(std::string line) {
  policy::SpfQuery out;
  const auto ip = net::IpAddress::parse(take(line, ' '));
  out.ip = ip ? *ip : net::IpAddress::parse("192.0.2.1").value();
  out.sender = take(line, ' ');
  out.helo = line;
  out.domain = out.sender.substr(out.sender.rfind('@') + 1);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  const auto query = question(take(input, '\n'));
  support::FakeResolver zone;
  while (!input.empty()) add_record(zone, take(input, '\n'));

  boost::asio::io_context loop;
  policy::SpfOptions options;
  options.keep_terms = size % 2 == 0;
  const auto report = support::run(loop, policy::check_host(zone, query, options));
  require(report.lookups <= 11 && report.void_lookups <= 3);
  // A term asks for ten exchangers at most and a record; the names of the client are looked up once.
  require(zone.queries() <= 10 * 12 + 13);
  require(report.explanation.empty() || report.result == policy::SpfResult::fail);
  const bool error =
      report.result == policy::SpfResult::permerror || report.result == policy::SpfResult::temperror;
  require(!error || !report.problem.empty());

  zone.forget_queries();
  const auto survey = support::run(loop, policy::survey_spf(zone, query.domain));
  require(survey.lookups <= 100 && zone.queries() <= 100 * 21 + 1);
  require(survey.networks.size() <= 10'000);
  return 0;
}
