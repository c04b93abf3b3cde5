#include <algorithm>

#include "postern/app/config.hpp"

namespace postern::app {

namespace {

// "a.b[0].c" -> "a.b[0]" -> "a.b" -> "a" -> ""
std::string_view parent_of(std::string_view key) {
  const auto end = key.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : key.substr(0, end);
}

std::vector<std::string> addresses(const std::vector<ListenConfig>& listeners) {
  std::vector<std::string> out;
  for (const auto& listener : listeners) out.push_back(listener.address);
  return out;
}

}  // namespace

int Origin::line_of(std::string_view key) const {
  for (; !key.empty(); key = parent_of(key)) {
    const auto found = lines.find(std::string(key));
    if (found != lines.end()) return found->second;
  }
  return 1;
}

Problems warnings(const Config& config) {
  Problems out;
  if (config.rewrite.null_sender.empty()) {
    out.push_back(
        {config.origin.line_of("rewrite.null_sender"), "rewrite.null_sender",
         "is not set: mail from <> (bounces, out-of-office replies) is refused, since SES takes none"});
  }
  return out;
}

std::vector<std::string> needs_restart(const Config& running, const Config& loaded) {
  std::vector<std::string> out;
  if (addresses(running.listen) != addresses(loaded.listen)) out.emplace_back("listen");
  if (running.state_dir != loaded.state_dir) out.emplace_back("state_dir");
  if (running.admin != loaded.admin) out.emplace_back("admin");
  return out;
}

std::vector<std::string> watched_files(const Config& config) {
  std::vector<std::string> out{config.origin.file};
  for (const auto& key : config.dkim.keys) out.push_back(key.key_file);
  for (const auto& upstream : config.upstream) {
    out.push_back(upstream.password_file);
    out.push_back(upstream.ca_file);
  }
  out.push_back(config.aws.ca_file);
  out.push_back(config.aws.secret_access_key_file);
  std::erase(out, "");
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace postern::app
