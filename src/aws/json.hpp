// JSON of a peer, bounded and checked: depth, UTF-8, types. Every error is Errc::protocol with a short reason
// that repeats none of the text. Pure. Private to the module.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::aws {

// One object, and nothing behind it.
base::Result<boost::json::object> parse_object(std::string_view text);

// A member; null counts as missing. nullptr: missing.
const boost::json::value* member(const boost::json::object& object, std::string_view name);

// Missing: empty, zero or the fallback. Of another type: an error that names it.
base::Result<std::string> text_member(const boost::json::object& object, std::string_view name);
base::Result<double> number_member(const boost::json::object& object, std::string_view name);
base::Result<bool> flag_member(const boost::json::object& object, std::string_view name, bool fallback);
base::Result<std::vector<std::string>> texts_member(const boost::json::object& object, std::string_view name);
// An object, or one without members when it is missing.
base::Result<boost::json::object> object_member(const boost::json::object& object, std::string_view name);
// Seconds since 1970, with fraction.
base::Result<base::WallTime> time_member(const boost::json::object& object, std::string_view name);

}  // namespace postern::aws
