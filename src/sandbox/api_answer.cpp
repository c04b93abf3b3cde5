#include "api_answer.hpp"

#include <boost/json.hpp>

namespace postern::sandbox {
namespace {

constexpr std::string_view json_type = "application/json";

ApiError of_operation(const base::Error& error) {
  if (error.code == base::Errc::invalid) return {400, "BadRequestException", error.message};
  if (error.code == base::Errc::not_found) return {404, "NotFoundException", error.message};
  if (error.code == base::Errc::corrupt) return {400, "InvalidNextTokenException", error.message};
  if (error.code == base::Errc::protocol) return {400, "SerializationException", error.message};
  return {500, "InternalServiceErrorException", error.message};
}

}  // namespace

net::HttpResponse answer_json(const boost::json::value& body) {
  net::HttpResponse response;
  response.content_type = json_type;
  response.body = boost::json::serialize(body);
  return response;
}

net::HttpResponse answer_empty() {
  net::HttpResponse response;
  response.content_type = json_type;
  return response;
}

net::HttpResponse answer_error(const ApiError& error) {
  auto response =
      answer_json(boost::json::object{{error.before_service ? "Message" : "message", error.message}});
  response.status = error.status;
  // The front end qualifies its names; clients cut them at the colon.
  response.headers["x-amzn-ErrorType"] =
      error.type +
      (error.before_service ? ":http://internal.amazon.com/coral/com.amazon.coral.service/" : "");
  return response;
}

net::HttpResponse answer_error(const base::Error& error) {
  return answer_error(of_operation(error));
}

net::HttpResponse answer_unknown_operation() {
  net::HttpResponse response;
  response.status = 404;
  response.content_type = "application/xml";
  response.body = "<UnknownOperationException/>\n";
  response.headers["x-amzn-ErrorType"] = "UnknownOperationException";
  return response;
}

std::string http_date(base::WallTime when) {
  auto date = base::to_rfc5322(when);
  return date.substr(0, date.rfind(' ')) + " GMT";
}

}  // namespace postern::sandbox
