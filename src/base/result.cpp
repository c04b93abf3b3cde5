#include "postern/base/result.hpp"

#include <boost/throw_exception.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace postern::base {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not found";
    case Errc::exists:
      return "exists";
    case Errc::closed:
      return "closed";
    case Errc::timeout:
      return "timeout";
    case Errc::cancelled:
      return "cancelled";
    case Errc::refused:
      return "refused";
    case Errc::unreachable:
      return "unreachable";
    case Errc::protocol:
      return "protocol error";
    case Errc::tls:
      return "TLS failure";
    case Errc::io:
      return "I/O error";
    case Errc::full:
      return "full";
    case Errc::busy:
      return "busy";
    case Errc::corrupt:
      return "corrupt";
    case Errc::newer:
      return "newer version";
    case Errc::permission:
      return "no permission";
    case Errc::unavailable:
      return "unavailable";
  }
  return "error";
}

namespace {

Errc kind_of(int number) {
  switch (number) {
    case ENOENT:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case EACCES:
    case EPERM:
      return Errc::permission;
    case ENOSPC:
    case EDQUOT:
      return Errc::full;
    case ECONNREFUSED:
      return Errc::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
      return Errc::unreachable;
    case EADDRINUSE:
      return Errc::busy;
    case ETIMEDOUT:
      return Errc::timeout;
    case ECANCELED:
      return Errc::cancelled;
    case ECONNRESET:
    case EPIPE:
      return Errc::closed;
    default:
      return Errc::io;
  }
}

}  // namespace

Error system_error(std::string_view what, int number) {
  char text[128] = {};
  const char* described = strerror_r(number, text, sizeof text);
  return fail(kind_of(number), std::string(what) + ": " + described);
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  boost::throw_exception(std::runtime_error(error.message), where);
}

}  // namespace postern::base
