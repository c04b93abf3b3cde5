#include "feedback/backoff.hpp"

#include <algorithm>

namespace postern::feedback {

namespace {

constexpr base::Duration first = std::chrono::seconds(2);
constexpr base::Duration longest = std::chrono::minutes(5);

base::Duration up_to(base::Duration bound, base::Random& random) {
  return base::Duration(static_cast<base::Duration::rep>(
      random.next() % (static_cast<std::uint64_t>(std::max(bound, base::Duration(0)).count()) + 1)));
}

}  // namespace

bool worth_repeating(base::Errc code) {
  using base::Errc;
  switch (code) {
    case Errc::busy:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::closed:
    case Errc::refused:
    case Errc::unreachable:
    case Errc::io:
    case Errc::protocol:
      return true;
    case Errc::tls:  // a certificate does not become good by waiting
    case Errc::invalid:
    case Errc::not_found:
    case Errc::exists:
    case Errc::cancelled:
    case Errc::full:
    case Errc::corrupt:
    case Errc::newer:
    case Errc::permission:
      return false;
  }
  return false;
}

base::Duration backoff(int attempt, base::Random& random) {
  constexpr int doublings = 8;  // past `longest`
  return up_to(std::min(longest, first * (1 << std::min(attempt, doublings))), random);
}

base::Duration jittered(base::Duration interval, base::Random& random) {
  return interval - interval / 10 + up_to(interval / 5, random);
}

}  // namespace postern::feedback
