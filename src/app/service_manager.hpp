// Tells systemd (or whoever set $NOTIFY_SOCKET) how the daemon is: sd_notify(3) without its library.
#pragma once

#include <string_view>

namespace postern::app {

// "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=..", "STATUS=..". Does nothing without
// $NOTIFY_SOCKET.
void notify_service_manager(std::string_view state);

}  // namespace postern::app
