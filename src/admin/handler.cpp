// Routing: which function answers which method and path, and who may ask.
#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <charconv>
#include <optional>

#include "admin/call.hpp"
#include "admin/json.hpp"

namespace postern::admin {

namespace {

struct Route {
  std::string_view method;
  std::string_view pattern;  // "*" stands for any one segment
  bool local;                // over the Unix socket only: changes state, or shows what messages say
  Answer (*answer)(Call);
};

Answer livez(Call) {
  co_return net::HttpResponse{200, "text/plain; charset=utf-8", "ok\n", {}};
}

Answer readyz(Call call) {
  const std::string why = call.with->not_ready();
  if (why.empty()) co_return net::HttpResponse{200, "text/plain; charset=utf-8", "ok\n", {}};
  co_return net::HttpResponse{503, "text/plain; charset=utf-8", why + "\n", {}};
}

Answer metrics(Call call) {
  co_return net::HttpResponse{200, "text/plain; version=0.0.4", call.with->metrics.render(), {}};
}

constexpr std::array routes{
    Route{"GET", "/livez", false, livez},
    Route{"GET", "/readyz", false, readyz},
    Route{"GET", "/metrics", false, metrics},
    Route{"GET", "/api/v1/status", false, status},
    Route{"GET", "/api/v1/queue", false, queue_list},
    Route{"GET", "/api/v1/queue/*", false, queue_show},
    Route{"GET", "/api/v1/queue/*/content", true, queue_content},
    Route{"POST", "/api/v1/queue/*/flush", true, queue_change},
    Route{"POST", "/api/v1/queue/*/hold", true, queue_change},
    Route{"POST", "/api/v1/queue/*/release", true, queue_change},
    Route{"DELETE", "/api/v1/queue/*", true, queue_remove},
    Route{"GET", "/api/v1/suppression", false, suppression_list},
    Route{"POST", "/api/v1/suppression", true, suppression_add},
    Route{"POST", "/api/v1/suppression/import", true, suppression_import},
    Route{"GET", "/api/v1/suppression/sync", false, suppression_sync_status},
    Route{"POST", "/api/v1/suppression/sync", true, suppression_sync_start},
    Route{"POST", "/api/v1/suppression/account-reasons", true, suppression_account_reasons},
    Route{"GET", "/api/v1/suppression/*", false, suppression_get},
    Route{"DELETE", "/api/v1/suppression/*", true, suppression_remove},
    Route{"GET", "/api/v1/log", false, log_search},
};

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool matches(std::string_view pattern, const std::vector<std::string_view>& path) {
  const auto wanted = segments(pattern);
  return std::ranges::equal(wanted, path, [](std::string_view want, std::string_view got) {
    return want == got || (want == "*" && !got.empty());
  });
}

// The first route of the path and method; else the methods that the path has, for 405.
struct Choice {
  const Route* route = nullptr;
  std::string allowed;
};

Choice choose(const std::string& method, const std::vector<std::string_view>& path) {
  Choice out;
  for (const auto& route : routes) {
    if (!matches(route.pattern, path)) continue;
    if (route.method == method) return {&route, {}};
    if (out.allowed.find(route.method) != std::string::npos) continue;
    out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return out;
}

std::optional<net::HttpResponse> refusal(const Choice& choice, const net::HttpRequest& request) {
  if (choice.route == nullptr && choice.allowed.empty()) return error_response(404, "no such path");
  if (choice.route == nullptr) {
    auto response = error_response(405, "method not allowed");
    response.headers["Allow"] = choice.allowed;
    return response;
  }
  if (choice.route->local && !request.over_local_socket)
    return error_response(403, "only over the admin socket (admin.socket)");
  return std::nullopt;
}

Answer handle(std::shared_ptr<const Dependencies> with, net::HttpRequest request) {
  const auto path = segments(request.path);
  const auto choice = choose(request.method, path);
  if (auto refused = refusal(choice, request)) co_return std::move(*refused);
  Call call;
  call.with = std::move(with);
  call.query = net::parse_query(request.query);
  for (std::size_t i = 3; i < path.size(); ++i) call.path.push_back(net::percent_decode(path[i]));
  call.request = std::move(request);
  auto response = co_await choice.route->answer(std::move(call));
  co_return response;
}

}  // namespace

base::Result<std::size_t> limit_of(const Call& call, std::size_t usual, std::size_t most) {
  const std::string text = parameter(call, "limit");
  if (text.empty()) return usual;
  std::size_t limit = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || limit == 0)
    return base::fail(base::Errc::invalid, "limit: not a number above 0: " + text);
  return std::min(limit, most);
}

std::string parameter(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? std::string() : found->second;
}

base::Result<boost::json::object> body_object(const Call& call) {
  boost::json::error_code error;
  auto value = boost::json::parse(call.request.body, error);
  if (error || !value.is_object()) return base::fail(base::Errc::invalid, "the body is no JSON object");
  return std::move(value.as_object());
}

net::HttpHandler make_handler(Dependencies dependencies) {
  auto with = std::make_shared<const Dependencies>(std::move(dependencies));
  return [with](net::HttpRequest request) { return handle(with, std::move(request)); };
}

}  // namespace postern::admin
