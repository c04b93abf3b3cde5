#include "credential.hpp"

namespace postern::app {

namespace {

constexpr std::string_view folder = "/run/credentials/";  // /UNIT/NAME, systemd.exec(5)

}  // namespace

std::string credential_remedy(std::string_view path) {
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  return "; systemd puts it there while " + std::string(path.substr(0, slash)) +
         " runs, from /etc/credstore/" + std::string(path.substr(slash + 1)) +
         ", or from where LoadCredential= says";
}

}  // namespace postern::app
