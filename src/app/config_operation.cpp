#include "config_sections.hpp"

namespace postern::app {

void read_admin(Section& section, AdminConfig& into) {
  section.value("listen", into.listen, optional(ip_and_port()));
  section.value("socket", into.socket, socket_path());
}

void read_log(Section& section, LogConfig& into) {
  using base::LogFormat;
  using base::LogLevel;
  section.value("format", into.format,
                choice<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}));
  section.value("level", into.level,
                choice<LogLevel>({{"debug", LogLevel::debug},
                                  {"info", LogLevel::info},
                                  {"warn", LogLevel::warn},
                                  {"error", LogLevel::error}}));
  section.value("mask_addresses", into.mask_addresses, yes_or_no());
}

}  // namespace postern::app
