// The API of the account as a handler of HTTP requests: who asks, may they, too often?, then the operation.
// And what tests steer it with, unsigned, under /_sandbox/:
//   fault     GET lists what is set, POST sets one more (api_fault.hpp), DELETE takes all away
//   requests  GET lists what was asked, with time and status; DELETE forgets it
// Made by ApiServer. Loop thread.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "api_fault.hpp"
#include "api_operation.hpp"
#include "api_rate.hpp"
#include "postern/base/task.hpp"
#include "postern/net/http_server.hpp"
#include "service.hpp"

namespace postern::sandbox {

class Api {
 public:
  explicit Api(Service& service);

  base::Task<net::HttpResponse> handle(net::HttpRequest request);
  Faults& faults() { return faults_; }

 private:
  struct Seen {
    base::WallTime when{};
    std::string operation, query;
    int status = 0;
  };
  net::HttpResponse control(const net::HttpRequest& request);
  net::HttpResponse control_faults(const net::HttpRequest& request);
  net::HttpResponse control_requests(const net::HttpRequest& request);
  net::HttpResponse respond(const Route& route, const net::HttpRequest& request,
                            const std::optional<Fault>& fault);
  std::optional<ApiError> refuse(const Route& route, const net::HttpRequest& request, base::WallTime now);
  void spoil(const Fault& fault, const net::HttpRequest& request, net::HttpResponse& response);
  void finish(const std::optional<Fault>& fault, net::HttpResponse& response);
  void remember(const Route& route, const net::HttpRequest& request, int status);

  Service& service_;
  ApiRate rate_;
  Faults faults_;
  std::deque<Seen> seen_;
};

}  // namespace postern::sandbox
