#include "api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api_answer.hpp"
#include "api_fault_stream.hpp"
#include "api_list.hpp"
#include "api_operations.hpp"
#include "api_signature.hpp"
#include "api_token.hpp"
#include "suppression_file.hpp"

namespace postern::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t most_remembered = 10'000;
constexpr std::string_view control_path = "/_sandbox/";

base::Duration delay_of(const std::optional<Fault>& fault) {
  if (!fault) return base::Duration(0);
  if (fault->kind == Fault::Kind::hang) return std::chrono::hours(1);  // no client waits that long
  if (fault->kind == Fault::Kind::slow) return std::chrono::seconds(fault->seconds);
  return base::Duration(0);
}

base::Duration skew_of(const std::optional<Fault>& fault, bool for_date) {
  if (!fault) return base::Duration(0);
  const bool off =
      fault->kind == Fault::Kind::skewed_clock || (for_date && fault->kind == Fault::Kind::wrong_date);
  return off ? std::chrono::seconds(fault->seconds) : base::Duration(0);
}

ApiError not_allowed(Operation operation) {
  const auto action = fmt::format("ses:{}", to_string(operation));
  return {
      403, "AccessDeniedException",
      fmt::format("User: arn:aws:iam::123456789012:user/postern-sandbox is not authorized to perform: {} on "
                  "resource: * because no identity-based policy allows the {} action",
                  action, action),
      true};
}

std::string request_id(base::Random& random) {
  const auto a = random.next(), b = random.next();
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xffff, b >> 48,
                     b & 0xffffffffffff);
}

net::HttpResponse bad_control(int status, std::string text) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(text) + "\n";
  return response;
}

}  // namespace

Api::Api(Service& service) : service_(service), rate_(service.clock, service.options.api_rate) {}

base::Task<net::HttpResponse> Api::handle(net::HttpRequest request) {
  if (request.path.starts_with(control_path)) co_return control(request);
  const auto route = find_route(request.method, request.path);
  if (!route) {
    auto unknown = answer_unknown_operation();
    finish(std::nullopt, unknown);
    co_return unknown;
  }
  const auto fault = faults_.take(route->operation);
  const auto delay = delay_of(fault);
  if (delay > base::Duration(0)) co_await base::sleep_for(service_.clock, delay);
  auto response = respond(*route, request, fault);
  finish(fault, response);
  remember(*route, request, response.status);
  co_return response;
}

net::HttpResponse Api::respond(const Route& route, const net::HttpRequest& request,
                               const std::optional<Fault>& fault) {
  if (fault && fault->kind == Fault::Kind::error) return answer_error(fault->error);
  const auto now = service_.clock.wall_now() + skew_of(fault, false);
  if (const auto refused = refuse(route, request, now)) return answer_error(*refused);
  auto response = perform(route, request, service_);
  if (fault) spoil(*fault, request, response);
  return response;
}

std::optional<ApiError> Api::refuse(const Route& route, const net::HttpRequest& request, base::WallTime now) {
  const auto& options = service_.options;
  const SignatureRules rules{service_.credentials.key, options.region, now, options.legacy_error_names};
  if (auto refused = check_signature(request, rules)) return refused;
  const auto& denied = options.denied;
  if (std::find(denied.begin(), denied.end(), route.operation) != denied.end())
    return not_allowed(route.operation);
  if (!rate_.take()) return ApiError{429, "TooManyRequestsException", "Rate exceeded"};
  return std::nullopt;
}

void Api::spoil(const Fault& fault, const net::HttpRequest& request, net::HttpResponse& response) {
  if (fault.kind == Fault::Kind::garbage)
    response.body = "<html>\xff\xfe{\"SuppressedDestinationSummaries\": [";
  if (fault.in_body()) mark_broken(fault.kind, response);
  const auto asked = parse_list_request(request.query);
  boost::system::error_code problem;
  auto body = json::parse(response.body, problem);
  if (problem || !body.is_object() || !asked) return;
  const auto& secret = service_.credentials.key.secret_access_key;
  const auto begin = read_page_token(asked->next_token, asked->filters, secret).value_or("");
  spoil_page(fault.kind, asked->next_token, make_page_token(begin, asked->filters, secret),
             body.get_object());
  response.body = json::serialize(body);
}

void Api::finish(const std::optional<Fault>& fault, net::HttpResponse& response) {
  response.headers["Date"] = http_date(service_.clock.wall_now() + skew_of(fault, true));
  response.headers["x-amzn-RequestId"] = request_id(service_.random);
}

void Api::remember(const Route& route, const net::HttpRequest& request, int status) {
  const auto operation = to_string(route.operation);
  service_.log.info("api", {{"operation", operation}, {"status", status}});
  seen_.push_back({service_.clock.wall_now(), std::string(operation), request.query, status});
  if (seen_.size() > most_remembered) seen_.pop_front();
}

net::HttpResponse Api::control(const net::HttpRequest& request) {
  const auto name = std::string_view(request.path).substr(control_path.size());
  if (name == "fault") return control_faults(request);
  if (name == "requests") return control_requests(request);
  return bad_control(404, "there are /_sandbox/fault and /_sandbox/requests");
}

net::HttpResponse Api::control_faults(const net::HttpRequest& request) {
  if (request.method == "DELETE") faults_.clear();
  if (request.method == "POST") {
    const auto added = faults_.add(request.body);
    if (!added) return bad_control(400, added.error().message);
  }
  return answer_json(faults_.to_json());
}

net::HttpResponse Api::control_requests(const net::HttpRequest& request) {
  if (request.method == "DELETE") seen_.clear();
  json::array all;
  for (const auto& one : seen_)
    all.emplace_back(json::object{{"time", to_epoch(one.when)},
                                  {"operation", one.operation},
                                  {"query", one.query},
                                  {"status", one.status}});
  return answer_json(std::move(all));
}

}  // namespace postern::sandbox
