#include "cli/backend.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>

#include "cli/local_stores.hpp"

namespace postern::cli {

namespace {

constexpr base::Duration patience = std::chrono::seconds(30);

class RunningDaemon final : public Backend {
 public:
  explicit RunningDaemon(std::string address) : address_(std::move(address)) {}
  base::Result<net::HttpResponse> call(const net::HttpRequest& request) override {
    return net::http_call(address_, request, patience);
  }

 private:
  std::string address_;
};

// What this process creates in the directory has to stay usable for the daemon's user.
base::Result<void> become_owner(const std::string& state_dir) {
  struct stat info {};
  if (::stat(state_dir.c_str(), &info) != 0) return base::system_error("state_dir " + state_dir, errno);
  if (::geteuid() != 0 || info.st_uid == 0) return {};
  if (::setegid(info.st_gid) != 0 || ::seteuid(info.st_uid) != 0)
    return base::system_error("become the owner of " + state_dir, errno);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Backend>> connect(const app::Config& config) {
  std::string why = "admin.socket is switched off";
  if (!config.admin.socket.empty()) {
    auto daemon = std::make_unique<RunningDaemon>("unix:" + config.admin.socket);
    const auto alive = daemon->call(request("GET", "/livez"));
    if (alive.has_value()) return std::unique_ptr<Backend>(std::move(daemon));
    if (alive.error().code == base::Errc::permission) return alive.error();
    why = alive.error().message;
  }
  const auto owner = become_owner(config.state_dir);
  if (owner.has_error()) return owner.error();
  auto lock = app::StateLock::take(config.state_dir);
  if (lock.has_value()) return LocalStores::open(config.state_dir, std::move(*lock));
  if (lock.error().code != base::Errc::busy) return lock.error();
  return base::fail(base::Errc::unavailable,
                    fmt::format("{}, which does not answer: {}", lock.error().message, why));
}

net::HttpRequest request(std::string method, std::string path, std::string query, std::string body) {
  net::HttpRequest out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.query = std::move(query);
  out.body = std::move(body);
  out.over_local_socket = true;
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace postern::cli
