// Small files of the sandbox: written whole under another name, then renamed, so that a reader never sees a
// part of one; a journal is appended to. Blocking; nothing is synced to disk: what a stand-in holds may be
// lost in a power cut.
#pragma once

#include <string>
#include <string_view>

#include "postern/base/result.hpp"

namespace postern::sandbox {

base::Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);
base::Result<void> append_to_file(const std::string& path, std::string_view bytes);
base::Result<std::string> read_file(const std::string& path);  // Errc::not_found when there is none
base::Result<void> make_directory(const std::string& path);    // with its parents

}  // namespace postern::sandbox
