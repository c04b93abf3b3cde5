// How stores' records look in the API's JSON; the CLI reads the same names. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <string>
#include <string_view>

#include "postern/admin/admin.hpp"

namespace postern::admin {

// A row as `postqueue -j` has it, with ours beside: stream, attempts, due, and per recipient state.
boost::json::object queue_row(const spool::Message& message, bool in_flight);
boost::json::object to_json(const suppression::Entry& entry);
boost::json::object to_json(const ledger::Row& row);
boost::json::object to_json(const DeliveryView& view);

net::HttpResponse json_response(const boost::json::object& object, int status = 200);
net::HttpResponse error_response(int status, std::string_view message);
net::HttpResponse error_response(const base::Error& error);

}  // namespace postern::admin
