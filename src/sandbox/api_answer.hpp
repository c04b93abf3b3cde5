// Answers of the API in the forms of SES: a JSON body, or an error with its name in x-amzn-ErrorType and its
// text in the body. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "postern/net/http_server.hpp"

namespace postern::sandbox {

struct ApiError {
  int status = 400;
  std::string type;  // "NotFoundException"
  std::string message;
  // What is refused before it comes to the service itself says "Message", the service says "message".
  bool before_service = false;
};

net::HttpResponse answer_json(const boost::json::value& body);
net::HttpResponse answer_empty();
net::HttpResponse answer_error(const ApiError& error);
// Of an operation: invalid is BadRequestException, not_found NotFoundException, corrupt
// InvalidNextTokenException, protocol SerializationException; all else InternalServiceErrorException.
net::HttpResponse answer_error(const base::Error& error);
net::HttpResponse answer_unknown_operation();

// "Tue, 24 Nov 2026 10:00:00 GMT" (RFC 9110 section 5.6.7).
std::string http_date(base::WallTime when);

}  // namespace postern::sandbox
