// When a request to SES is worth asking again, and after how long. Pure.
#pragma once

#include "postern/base/clock.hpp"
#include "postern/base/random.hpp"
#include "postern/base/result.hpp"

namespace postern::feedback {

// 429, 5xx, what did not arrive or arrived broken. Not: refused credentials, a bad request, no such thing.
bool worth_repeating(base::Errc code);

// Exponential with full jitter, so that a fleet that was turned away together does not come back together.
base::Duration backoff(int attempt, base::Random& random);  // attempt: 0 after the first

// Within a tenth more or less.
base::Duration jittered(base::Duration interval, base::Random& random);

}  // namespace postern::feedback
