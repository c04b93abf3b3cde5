// What `suppression`, its subcommand `sync` and doctor share about the synchronisation with SES.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace CLI {
class App;
}

namespace postern::cli {

struct Invocation;

void add_suppression_sync(CLI::App& group, Invocation& invocation);

// One line for a person: how old the copy of SES's list is, and what went wrong since.
std::string sync_state(const boost::json::object& status);

}  // namespace postern::cli
