// Answers of SES v2: JSON into values, refusals into errors. Pure. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/aws/ses.hpp"

namespace postern::aws {

// What an answer that is no 2xx says.
struct Refusal {
  int status = 0;
  std::string type;     // AccessDeniedException; empty: none is named
  std::string message;  // one line
};

Refusal read_refusal(const net::HttpResponse& answer);
bool blames_credentials(const Refusal& refusal);  // expired, unknown or wrongly signed: fresh ones may help
// operation: "ListSuppressedDestinations". source: of the credentials, for the message.
base::Error error_of(const Refusal& refusal, std::string_view operation, std::string_view source);

base::Result<SuppressedPage> read_page(std::string_view body);
base::Result<SuppressedAddress> read_suppressed(std::string_view body);
base::Result<Account> read_account(std::string_view body);
base::Result<std::optional<std::vector<std::string>>> read_configuration_set(std::string_view body);

}  // namespace postern::aws
