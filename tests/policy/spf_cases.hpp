// Cases of published SPF test suites, whatever the format they came in: a zone, questions, accepted results.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "postern/policy/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

namespace postern::policy {

struct SpfCase {
  std::string id;
  std::string helo;
  std::string host;
  std::string mail_from;
  std::vector<std::string> results;  // any of them is right
  std::string explanation;           // empty: not judged; "DEFAULT": none of the sender's
};

// RFC 7208 2.4: without a sender the HELO name is checked.
inline SpfQuery query_of(const SpfCase& each) {
  SpfQuery query;
  query.ip = net::IpAddress::parse(each.host).value();
  query.helo = each.helo;
  query.sender = each.mail_from.empty() ? "postmaster@" + each.helo : each.mail_from;
  query.domain = query.sender.substr(query.sender.rfind('@') + 1);
  return query;
}

inline void expect_result(support::FakeResolver& zone, const SpfCase& each) {
  boost::asio::io_context loop;
  const auto report = support::run(loop, check_host(zone, query_of(each)));
  const std::string result(to_string(report.result));
  EXPECT_EQ(std::ranges::count(each.results, result), 1)
      << each.id << ": " << result << " instead of " << testing::PrintToString(each.results) << "; "
      << report.problem << "; " << report.record;
  if (each.explanation == "DEFAULT") {
    EXPECT_EQ(report.explanation, "") << each.id;
  } else if (!each.explanation.empty()) {
    EXPECT_EQ(report.explanation, each.explanation) << each.id;
  }
}

}  // namespace postern::policy
