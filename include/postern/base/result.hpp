// What a call gives that may fail: a value or an Error. Decisions (policy::Verdict, delivery::Outcome) are
// values, not errors. An Error's kind is for code, its message is for the log and the person; it never goes
// to an SMTP client.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace postern::base {

enum class Errc {
  invalid,      // the input is not of the form that is asked for
  not_found,    // no such thing
  exists,       // there is one already
  closed,       // the peer closed the connection, or the object was closed
  timeout,      // a deadline passed
  cancelled,    // given up by the caller, usually at shutdown
  refused,      // nobody listens there, or the peer said no
  unreachable,  // no route, or the name has no address
  protocol,     // the peer broke the protocol
  tls,          // handshake or certificate
  io,           // disk or socket failure
  full,         // no room: disk, memory budget, limit
  busy,         // somebody else holds it
  corrupt,      // stored data that can't be read
  newer,        // stored data of a later version
  permission,   // not allowed
  unavailable,  // not now; later perhaps
};

std::string_view to_string(Errc code);

struct Error {
  Errc code = Errc::io;
  std::string message;
};

// Error{errc, "what: strerror(number)"}; maps the errno values that callers distinguish.
Error system_error(std::string_view what, int number);

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T = void>
using Result = boost::system::result<T, Error>;

inline Error fail(Errc code, std::string message) {
  return Error{code, std::move(message)};
}

}  // namespace postern::base
