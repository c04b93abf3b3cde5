// Reads the private key of a KeySpec and proves that it can sign. Called by Signer::create at start and on
// reload, on whatever thread builds the snapshot. Does not look at DNS: `postern doctor` does.
#pragma once

#include <string>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/dkim/signer.hpp"

namespace postern::dkim {

// The key in the form that libopendkim takes: PEM, unencrypted, nothing around it. An error names domain,
// file and remedy; `warnings` gets what works but should be mended.
base::Result<std::string> load_key(const KeySpec& spec, std::vector<std::string>& warnings);

}  // namespace postern::dkim
