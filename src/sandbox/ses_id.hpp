// Message ids as SES makes them: 0106019dec617b98-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx-000000, the first four
// digits the region, the next twelve the Unix time in milliseconds. Pure.
#pragma once

#include <string>
#include <string_view>

#include "postern/base/clock.hpp"
#include "postern/base/random.hpp"

namespace postern::sandbox {

std::string make_ses_id(std::string_view region, base::WallTime now, base::Random& random);

// "<id@ap-northeast-1.amazonses.com>": what the delivered message carries.
std::string message_id_of(std::string_view ses_id, std::string_view region);

}  // namespace postern::sandbox
