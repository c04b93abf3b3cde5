// ListSuppressedDestinations: the filters of its query, and one page of the list. Pure beside the list.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "postern/base/result.hpp"
#include "suppression_list.hpp"

namespace postern::sandbox {

struct ListRequest {
  SuppressionFilter filter;
  std::string filters;  // the text that a page token is bound to
  std::string next_token;
  std::size_t page_size = 1000;
};

// Errors as answer_error() takes them.
base::Result<ListRequest> parse_list_request(std::string_view query);
base::Result<boost::json::object> list_page(const ListRequest& request, const SuppressionList& list,
                                            std::string_view secret);

}  // namespace postern::sandbox
