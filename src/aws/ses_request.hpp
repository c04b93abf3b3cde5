// The calls of SES v2 as requests, without a signature. Pure. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "postern/aws/ses.hpp"

namespace postern::aws {

struct SesRequest {
  std::string operation;  // as IAM calls the action, without "ses:"
  std::string method;
  std::string path;   // below the endpoint, encoded
  std::string query;  // encoded
  std::string body;   // JSON, or empty
};

SesRequest list_request(const SuppressedQuery& query);
SesRequest get_request(const std::string& address);
SesRequest put_request(const std::string& address, const std::string& reason);
SesRequest delete_request(const std::string& address);
SesRequest account_request();
SesRequest account_suppression_request(const std::vector<std::string>& reasons);
SesRequest configuration_set_request(const std::string& name);

// To be sent once Authorization is added. base: the endpoint.
net::HttpCall to_call(const SesRequest& request, const net::HttpUrl& base);
void sign(net::HttpCall& call, const SigningScope& scope, const SigningKey& key);

}  // namespace postern::aws
