#include "spf_lookup.hpp"

#include <fmt/format.h>

#include <utility>

#include "spf_grammar.hpp"
#include "spf_record.hpp"

namespace postern::policy {

namespace {

PublishedSpf none(std::string problem) {
  PublishedSpf out;
  out.problem = std::move(problem);
  return out;
}

PublishedSpf select(net::DnsAnswerPtr answer, const std::string& domain) {
  PublishedSpf out;
  for (const auto& text : answer->texts) {
    if (is_spf_record(text)) out.records.push_back(text);
  }
  if (out.records.empty()) {
    const bool missing = answer->status == net::DnsAnswer::Status::no_such_name;
    out.problem = fmt::format("{} {}", domain, missing ? "does not exist" : "has no SPF record");
  } else if (out.records.size() == 1) {
    out.state = SpfResult::pass;
  } else {
    out.state = SpfResult::permerror;
    out.problem = fmt::format("{} has {} SPF records, one is allowed", domain, out.records.size());
  }
  out.answer = std::move(answer);
  return out;
}

}  // namespace

base::Task<PublishedSpf> find_spf(net::Resolver& resolver, std::string domain) {
  if (!is_checkable_domain(domain)) co_return none(fmt::format("\"{}\" is no domain name", domain));
  auto answer = co_await resolver.query(domain, net::DnsType::txt);
  if (answer) co_return select(std::move(*answer), domain);
  if (answer.error().code == base::Errc::invalid)
    co_return none(fmt::format("\"{}\" is no domain name", domain));
  PublishedSpf out;
  out.state = SpfResult::temperror;
  out.problem = fmt::format("TXT of {}: {}", domain, answer.error().message);
  co_return out;
}

}  // namespace postern::policy
