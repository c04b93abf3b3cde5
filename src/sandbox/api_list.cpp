#include "api_list.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "api_token.hpp"
#include "postern/net/http_server.hpp"
#include "suppression_file.hpp"

namespace postern::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t largest_page = 1000;

base::Error bad(std::string_view member, std::string_view constraint) {
  return base::fail(base::Errc::invalid,
                    fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: {}",
                                member, constraint));
}

base::Result<base::WallTime> parse_time(std::string_view member, const std::string& text) {
  const auto time = base::from_rfc3339(text);
  if (!time) return bad(member, "Member must be a timestamp");
  return *time;
}

base::Result<std::size_t> parse_page_size(const std::string& text) {
  std::size_t size = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, size);
  if (problem != std::errc() || stop != end || size == 0)
    return bad("pageSize", "Member must have value greater than or equal to 1");
  if (size > largest_page)
    return bad("pageSize", fmt::format("Member must have value less than or equal to {}", largest_page));
  return size;
}

// Reason= may be there several times.
class QueryReader {
 public:
  base::Result<void> take(const std::string& name, const std::string& value);
  ListRequest finish();

 private:
  base::Result<void> take_reason(const std::string& value);
  base::Result<void> take_time(std::optional<base::WallTime>& into, std::string_view member,
                               const std::string& value);
  ListRequest request_;
  Reasons named_ = no_reasons;
};

base::Result<void> QueryReader::take_reason(const std::string& value) {
  const auto reason = parse_reason(value);
  if (!reason)
    return bad("reasons",
               "Member must satisfy constraint: [Member must satisfy enum value set: [BOUNCE, "
               "COMPLAINT]]");
  named_.add(*reason);
  return {};
}

base::Result<void> QueryReader::take_time(std::optional<base::WallTime>& into, std::string_view member,
                                          const std::string& value) {
  const auto time = parse_time(member, value);
  if (!time) return time.error();
  into = *time;
  return {};
}

base::Result<void> QueryReader::take(const std::string& name, const std::string& value) {
  if (name == "Reason") return take_reason(value);
  if (name == "StartDate") return take_time(request_.filter.from, "startDate", value);
  if (name == "EndDate") return take_time(request_.filter.to, "endDate", value);
  if (name == "NextToken") request_.next_token = value;
  if (name == "TenantName") return base::fail(base::Errc::not_found, "Tenant " + value + " does not exist.");
  if (name != "PageSize") return {};
  const auto size = parse_page_size(value);
  if (!size) return size.error();
  request_.page_size = *size;
  return {};
}

ListRequest QueryReader::finish() {
  auto& filter = request_.filter;
  if (named_.bounce || named_.complaint) filter.reasons = named_;
  const auto text = [](const std::optional<base::WallTime>& time) {
    return time ? std::to_string(time->time_since_epoch().count()) : std::string("-");
  };
  request_.filters = fmt::format("{}{} {} {}", filter.reasons.bounce, filter.reasons.complaint,
                                 text(filter.from), text(filter.to));
  return std::move(request_);
}

json::object to_json(const Suppressed& entry) {
  return {{"EmailAddress", entry.address},
          {"Reason", to_string(entry.reason)},
          {"LastUpdateTime", to_epoch(entry.updated)}};
}

}  // namespace

base::Result<ListRequest> parse_list_request(std::string_view query) {
  QueryReader reader;
  while (!query.empty()) {
    const auto end = query.find('&');
    for (const auto& [name, value] : net::parse_query(query.substr(0, end))) {
      const auto taken = reader.take(name, value);
      if (!taken) return taken.error();
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return reader.finish();
}

base::Result<json::object> list_page(const ListRequest& request, const SuppressionList& list,
                                     std::string_view secret) {
  std::string after;
  if (!request.next_token.empty()) {
    const auto read = read_page_token(request.next_token, request.filters, secret);
    if (!read) return base::fail(base::Errc::corrupt, "The specified next token is invalid.");
    after = *read;
  }
  const auto page = list.page(request.filter, after, request.page_size);
  json::array summaries;
  summaries.reserve(page.entries.size());
  for (const auto* entry : page.entries) summaries.emplace_back(to_json(*entry));
  json::object body;
  body["SuppressedDestinationSummaries"] = std::move(summaries);
  if (page.more) body["NextToken"] = make_page_token(page.entries.back()->address, request.filters, secret);
  return body;
}

}  // namespace postern::sandbox
