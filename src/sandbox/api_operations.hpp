// Carries out one operation that was asked for properly and is allowed. Loop thread; changes the account.
#pragma once

#include "api_operation.hpp"
#include "postern/net/http_server.hpp"
#include "service.hpp"

namespace postern::sandbox {

net::HttpResponse perform(const Route& route, const net::HttpRequest& request, Service& service);

}  // namespace postern::sandbox
