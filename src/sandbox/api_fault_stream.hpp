// Breaks answers on their way out: those that carry mark_broken()'s header are cut in the middle of the body
// or get a body without end. A HTTP server writes whole answers only, so this stands between it and the
// socket.
#pragma once

#include <memory>

#include "api_fault.hpp"
#include "postern/net/http_server.hpp"
#include "postern/net/listener.hpp"

namespace postern::sandbox {

// A fault of the body: see Fault::in_body().
void mark_broken(Fault::Kind kind, net::HttpResponse& response);

// The same listener, whose streams break what is marked.
std::shared_ptr<net::Listener> breaking(std::unique_ptr<net::Listener> listener, base::Clock& clock);

}  // namespace postern::sandbox
