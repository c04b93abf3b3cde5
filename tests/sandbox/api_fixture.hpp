// The API as a function of requests, on a clock that stands still: signs as a client does, reads the answer.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <map>
#include <string>

#include "sandbox/api.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {

class ApiTest : public testing::Test {
 protected:
  ApiTest() { options_.data = directory_.path(); }

  static net::HttpRequest request(std::string method, std::string path, std::string query = "",
                                  std::string body = "") {
    net::HttpRequest out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.query = std::move(query);
    out.body = std::move(body);
    out.headers["host"] = "127.0.0.1:4711";
    return out;
  }
  // As a client whose clock is off by `skew`.
  void sign(net::HttpRequest& request, base::Duration skew = base::Duration(0)) {
    request.headers.erase("authorization");
    request.headers.erase("x-amz-date");
    aws::SignedRequest to_sign{request.method, request.path, request.query, {}, request.body};
    for (const auto& header : request.headers) to_sign.headers.push_back(header);
    const aws::SigningScope scope{region_, name_of_service_, clock_.wall_now() + skew};
    request.headers["authorization"] = aws::authorize(to_sign, scope, key_);
    for (const auto& [name, value] : to_sign.headers) request.headers[lower(name)] = value;
  }
  static std::string lower(std::string text) {
    for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  }
  net::HttpResponse ask(net::HttpRequest request) {
    if (!api_) api_.emplace(service());
    return support::run(loop_, api_->handle(std::move(request)));
  }
  net::HttpResponse call(std::string method, std::string path, std::string query = "",
                         std::string body = "") {
    auto asked = request(std::move(method), std::move(path), std::move(query), std::move(body));
    sign(asked);
    return ask(std::move(asked));
  }
  net::HttpResponse list(std::string query = "") { return call("GET", list_path, std::move(query)); }
  void fault(const std::string& text) {
    EXPECT_EQ(ask(request("POST", "/_sandbox/fault", "", text)).status, 200) << text;
  }
  Service& service() {
    if (!service_) {
      service_.reset(new Service{options_,
                                 clock_,
                                 random_,
                                 log_,
                                 Account(clock_, options_.rate, options_.quota),
                                 Store::open(directory_.path()).value(),
                                 Suppression::open(options_, clock_.wall_now()).value(),
                                 Credentials{"user", "pass", key_},
                                 nullptr,
                                 {}});
    }
    return *service_;
  }
  void put(const std::string& address, Reason reason = Reason::bounce) {
    ASSERT_TRUE(service().suppression.put({address, reason, clock_.wall_now(), nullptr}));
  }

  static boost::json::value json_of(const net::HttpResponse& response) {
    EXPECT_EQ(response.content_type, "application/json");
    return boost::json::parse(response.body);
  }
  static std::string kind_of(const net::HttpResponse& response) {
    const auto found = response.headers.find("x-amzn-ErrorType");
    const auto text = found == response.headers.end() ? std::string() : found->second;
    return std::to_string(response.status) + " " + text.substr(0, text.find(':'));
  }
  static std::string message_of(const net::HttpResponse& response) {
    const auto body = json_of(response).as_object();
    const auto* text = body.if_contains("message");
    if (text == nullptr) text = body.if_contains("Message");
    return text == nullptr ? "none: " + response.body : std::string(text->as_string());
  }
  static std::vector<std::string> addresses_of(const net::HttpResponse& response) {
    std::vector<std::string> out;
    const auto body = json_of(response);
    for (const auto& entry : body.at("SuppressedDestinationSummaries").as_array())
      out.emplace_back(entry.at("EmailAddress").as_string());
    return out;
  }
  static std::string token_of(const net::HttpResponse& response) {
    const auto body = json_of(response).as_object();
    const auto* token = body.if_contains("NextToken");
    return token == nullptr ? "" : std::string(token->as_string());
  }
  // As a client puts it into a query.
  static std::string encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '+')
        out += "%2B";
      else if (c == '/')
        out += "%2F";
      else if (c == '=')
        out += "%3D";
      else
        out += c;
    }
    return out;
  }

  static constexpr const char* list_path = "/v2/email/suppression/addresses";
  support::TempDir directory_;
  support::ManualClock clock_;
  base::SeededRandom random_{7};
  base::Log log_{clock_, [](std::string_view) {}};
  boost::asio::io_context loop_{1};
  Options options_;
  aws::SigningKey key_{"AKIDEXAMPLE", "secret/+key", {}};
  std::string region_ = "ap-northeast-1", name_of_service_ = "ses";
  std::unique_ptr<Service> service_;
  std::optional<Api> api_;
};

}  // namespace postern::sandbox
