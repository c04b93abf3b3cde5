// A zone and one client, for tests that evaluate SPF: zone.txt(...), then check() or survey().
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "postern/policy/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

namespace postern::policy {

class SpfZone : public testing::Test {
 protected:
  SpfZone() {
    query.ip = net::IpAddress::parse("192.0.2.1").value();
    query.domain = "example.com";
    query.sender = "user@example.com";
    query.helo = "client.example.net";
  }
  void client(std::string_view ip) { query.ip = net::IpAddress::parse(ip).value(); }
  SpfReport check() { return support::run(loop, check_host(zone, query, options)); }
  SpfResult result() { return check().result; }
  // What the record of example.com gives.
  SpfResult result(std::string record) {
    zone.clear();
    zone.txt("example.com", std::move(record));
    return result();
  }
  SpfSurvey survey() { return support::run(loop, survey_spf(zone, "example.com")); }

  boost::asio::io_context loop;
  support::FakeResolver zone;
  SpfQuery query;
  SpfOptions options;
};

}  // namespace postern::policy
