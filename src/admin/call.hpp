// A request taken apart, and what an API function needs to answer it. Lives as long as its answer is made.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "postern/admin/admin.hpp"

namespace postern::admin {

struct Call {
  std::shared_ptr<const Dependencies> with;
  net::HttpRequest request;
  std::vector<std::string> path;  // decoded, behind /api/v1/<collection>
  std::map<std::string, std::string> query;
};

using Answer = base::Task<net::HttpResponse>;

// ?limit=, bounded by `most`. Errc::invalid when it is no number.
base::Result<std::size_t> limit_of(const Call& call, std::size_t usual, std::size_t most);
std::string parameter(const Call& call, const std::string& name);  // empty when it is not there
base::Result<boost::json::object> body_object(const Call& call);

Answer status(Call call);

Answer queue_list(Call call);
Answer queue_show(Call call);
Answer queue_content(Call call);
Answer queue_change(Call call);  // POST <id>/<action>
Answer queue_remove(Call call);

Answer suppression_list(Call call);
Answer suppression_get(Call call);
Answer suppression_add(Call call);
Answer suppression_remove(Call call);
Answer suppression_import(Call call);
Answer suppression_sync_status(Call call);
Answer suppression_sync_start(Call call);
Answer suppression_account_reasons(Call call);

Answer log_search(Call call);

}  // namespace postern::admin
