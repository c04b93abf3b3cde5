// Single entries at SES and here: SES first, since it has the last word at the next full pass. Loop thread.
#pragma once

#include <string>

#include "feedback/context.hpp"

namespace postern::feedback {

base::Task<base::Result<void>> put_through(Context& context, std::string address, std::string reason);
base::Task<base::Result<SuppressionSync::Removal>> remove_through(Context& context, std::string address);

}  // namespace postern::feedback
