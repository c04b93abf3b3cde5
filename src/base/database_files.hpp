// The files of a database before and beside its connection: made, found empty, set aside. Blocking; at open.
#pragma once

#include <string>

#include "postern/base/database.hpp"

namespace postern::base {

// 0 when there is none.
std::uintmax_t size_of_file(const std::string& path);

// The error when a database of this name was set aside earlier and there is no other, or when this one has
// lost its content.
Result<void> check_files(const DatabaseOptions& options);

// Whole or not at all; then the folder, for it says that the database was whole.
Result<void> create_file(const DatabaseOptions& options);
Result<void> create_folder(const DatabaseOptions& options);

// Says why the file can't be used, which SQLite does not. Before any connection: closing the file gives up
// the locks of this process.
Result<void> try_file(const std::string& path);

}  // namespace postern::base
