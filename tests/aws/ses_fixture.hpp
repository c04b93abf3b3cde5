// The calls of SES against answers that are laid out, with credentials that change: what the tests of Ses
// share.
#pragma once

#include <boost/json.hpp>
#include <deque>

#include "fake_http.hpp"
#include "postern/aws/ses.hpp"

namespace postern::aws {

constexpr const char* secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

class FakeCredentials final : public CredentialProvider {
 public:
  base::Task<base::Result<Credentials>> get() override {
    if (next.empty()) co_return base::fail(base::Errc::not_found, "no AWS credentials");
    co_return next.front();
  }
  void refused() override {
    ++refusals;
    if (next.size() > 1) next.pop_front();
  }
  void add(const std::string& id, const std::string& token = "") {
    next.push_back({{id, secret, token}, std::nullopt, "environment"});
  }
  std::deque<Credentials> next;
  int refusals = 0;
};

class SesTest : public AwsTest {
 protected:
  SesTest() { credentials.add("AKIDEXAMPLE"); }

  Ses& ses() {
    if (!made) made = std::move(make_ses(options, clock, http, credentials).value());
    return *made;
  }
  void lay_out(const std::string& what, Answer answer) {
    const auto blank = what.find(' ');
    http.lay_out(what.substr(0, blank) + " http://127.0.0.1:18099" + what.substr(blank + 1),
                 std::move(answer));
  }
  static Answer refusal(int status, const std::string& type, const std::string& message,
                        std::map<std::string, std::string> headers = {}) {
    headers["x-amzn-errortype"] = type;
    return http_answer(status, boost::json::serialize(boost::json::object{{"message", message}}),
                       std::move(headers));
  }
  static constexpr const char* account = "GET /v2/email/account";
  static constexpr const char* good_account = R"({"SendQuota":{"Max24HourSend":200.0}})";
  base::Error account_error() {
    auto found = run(ses().account());
    EXPECT_FALSE(found);
    return found ? base::Error() : found.error();
  }

  SesOptions options{"us-west-2", "http://127.0.0.1:18099", {}};
  FakeCredentials credentials;
  std::unique_ptr<Ses> made;
};

}  // namespace postern::aws
