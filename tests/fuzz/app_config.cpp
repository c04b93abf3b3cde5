// A configuration text of any bytes is taken or refused with problems; it never crashes, hangs or grows
// without end. Secrets are read from a made-up disk.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postern/app/config.hpp"

namespace {

using namespace postern;

base::Result<std::string> read_nothing(const std::string& path) {
  if (path.ends_with("x")) return std::string("secret\n");
  return base::fail(base::Errc::not_found, path + " cannot be read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const app::Machine machine{{{"A", "a"}, {"E", ""}}, "box.example", read_nothing};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = app::parse_config(text, "f", machine);
  if (result.has_error()) {
    if (result.error().empty() || result.error().size() > 100) std::abort();
    for (const auto& problem : result.error()) {
      if (problem.line < 1 || problem.key.empty() || problem.message.empty()) std::abort();
    }
    return 0;
  }
  if (result->upstream.empty() || result->hostname.empty() || result->delivery.retry.empty()) std::abort();
  if (!app::needs_restart(*result, *result).empty()) std::abort();
  return 0;
}
