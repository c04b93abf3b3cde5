// HostResolver on c-ares. The channel belongs to the loop; its descriptors are watched, never owned (c-ares
// closes them); a timer is armed again after each query and event, or lost packets would hang for ever.
// Callbacks may run inside ares_getaddrinfo and ares_destroy, so a waiter is always resumed by post.
#include <ares.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <map>

#include "postern/base/suspend.hpp"
#include "postern/net/resolver.hpp"

namespace postern::net {

namespace asio = boost::asio;

namespace {

constexpr auto longest_cached = std::chrono::seconds(60);
constexpr std::size_t cached_names = 100;

// Process-wide set-up of c-ares, once.
const int library_ready = ares_library_init(ARES_LIB_INIT_ALL);

IpAddress address_of(const sockaddr& from) {
  IpAddress out;
  if (from.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    out.bytes[10] = out.bytes[11] = 0xff;
    std::memcpy(out.bytes.data() + 12, &v4.sin_addr, sizeof v4.sin_addr);
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(out.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  }
  return out;
}

}  // namespace

struct CaresHostResolver::Impl : std::enable_shared_from_this<CaresHostResolver::Impl> {
  struct Watch {
    explicit Watch(asio::posix::stream_descriptor d) : descriptor(std::move(d)) {}
    asio::posix::stream_descriptor descriptor;
    bool read = false, write = false;
    bool reading = false, writing = false;
  };
  struct Query {
    std::shared_ptr<Impl> owner;
    std::function<void()> resume;
    int status = ARES_ECANCELLED;
    std::vector<IpAddress> addresses;
    std::chrono::seconds ttl{0};
  };
  struct Cached {
    std::vector<IpAddress> addresses;
    base::SteadyTime until;
  };

  Impl(base::Executor e, base::Clock& c)
      : executor(std::move(e)), clock(c), timer(clock.make_timer(executor)) {}

  static void socket_changed(void* self, ares_socket_t fd, int read, int write);
  static void answered(void* query, int status, int timeouts, ares_addrinfo* found);
  void watch(int fd, bool read, bool write);
  void wait_for(int fd, const std::shared_ptr<Watch>& watch);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm();
  base::Task<void> keep_time();
  base::Task<std::shared_ptr<Query>> ask(std::string host);

  base::Executor executor;
  base::Clock& clock;
  ares_channel channel = nullptr;
  std::map<int, std::shared_ptr<Watch>> watches;
  std::unique_ptr<base::Timer> timer;
  bool timing = false;
  std::map<std::string, Cached> cache;
};

void CaresHostResolver::Impl::socket_changed(void* self, ares_socket_t fd, int read, int write) {
  static_cast<Impl*>(self)->watch(fd, read != 0, write != 0);
}

void CaresHostResolver::Impl::watch(int fd, bool read, bool write) {
  auto found = watches.find(fd);
  if (!read && !write) {
    // c-ares closes the number next, and the kernel may give it to somebody else: let go of it now.
    if (found != watches.end()) {
      found->second->read = found->second->write = false;
      found->second->descriptor.release();
      watches.erase(found);
    }
    return;
  }
  if (found == watches.end()) {
    found = watches.emplace(fd, std::make_shared<Watch>(asio::posix::stream_descriptor(executor, fd))).first;
  }
  found->second->read = read;
  found->second->write = write;
  wait_for(fd, found->second);
}

void CaresHostResolver::Impl::wait_for(int fd, const std::shared_ptr<Watch>& watch) {
  const auto when_ready = [this, fd, self = weak_from_this(),
                           kept = std::weak_ptr<Watch>(watch)](bool reading) {
    return [this, fd, self, kept, reading](const boost::system::error_code& error) {
      const auto alive = self.lock();
      const auto still = kept.lock();
      if (!alive || !still) return;
      (reading ? still->reading : still->writing) = false;
      if (error) return;
      process(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
      // Processing may have closed this descriptor; only one that is still watched is waited for again.
      const auto found = watches.find(fd);
      if (found != watches.end() && found->second == still) wait_for(fd, still);
    };
  };
  if (watch->read && !watch->reading) {
    watch->reading = true;
    watch->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, when_ready(true));
  }
  if (watch->write && !watch->writing) {
    watch->writing = true;
    watch->descriptor.async_wait(asio::posix::stream_descriptor::wait_write, when_ready(false));
  }
}

void CaresHostResolver::Impl::process(ares_socket_t readable, ares_socket_t writable) {
  if (channel == nullptr) return;
  ares_process_fd(channel, readable, writable);
  arm();
}

void CaresHostResolver::Impl::arm() {
  if (channel == nullptr) return;
  timeval room{};
  const timeval* next = ares_timeout(channel, nullptr, &room);
  if (next == nullptr) {
    timer->cancel();
    return;
  }
  timer->expires_at(clock.steady_now() + std::chrono::seconds(next->tv_sec) +
                    std::chrono::microseconds(next->tv_usec) + std::chrono::milliseconds(1));
  if (timing) return;
  timing = true;
  asio::co_spawn(executor, keep_time(),
                 [kept = shared_from_this()](const std::exception_ptr&) { kept->timing = false; });
}

// Ends when nothing is asked any more.
base::Task<void> CaresHostResolver::Impl::keep_time() {
  for (;;) {
    const bool due = co_await timer->wait();
    if (channel == nullptr) co_return;
    timeval room{};
    if (ares_timeout(channel, nullptr, &room) == nullptr) co_return;
    if (due) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
}

void CaresHostResolver::Impl::answered(void* pointer, int status, int, ares_addrinfo* found) {
  const std::unique_ptr<std::shared_ptr<Query>> holder(static_cast<std::shared_ptr<Query>*>(pointer));
  auto& query = **holder;
  query.status = status;
  if (found != nullptr) {
    int ttl = static_cast<int>(longest_cached.count());
    for (const auto* node = found->nodes; node != nullptr; node = node->ai_next) {
      query.addresses.push_back(address_of(*node->ai_addr));
      ttl = std::min(ttl, node->ai_ttl);
    }
    query.ttl = std::chrono::seconds(std::max(ttl, 0));
    ares_freeaddrinfo(found);
  }
  asio::post(query.owner->executor, query.resume);
}

base::Task<std::shared_ptr<CaresHostResolver::Impl::Query>> CaresHostResolver::Impl::ask(std::string host) {
  auto query = std::make_shared<Query>();
  query->owner = shared_from_this();
  std::function<void(std::function<void()>)> start = [this, query, &host](std::function<void()> resume) {
    query->resume = std::move(resume);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, answered, new std::shared_ptr<Query>(query));
    arm();
  };
  co_await base::suspend(std::move(start));
  co_return query;
}

base::Result<std::unique_ptr<CaresHostResolver>> CaresHostResolver::create(base::Executor executor,
                                                                           base::Clock& clock,
                                                                           const DnsOptions& options) {
  if (library_ready != ARES_SUCCESS) return base::fail(base::Errc::unavailable, ares_strerror(library_ready));
  auto impl = std::make_shared<Impl>(std::move(executor), clock);
  ares_options wanted{};
  std::string lookups = "fb";  // the hosts file first: localhost, and hostAliases of pods
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = options.tries;
  wanted.lookups = lookups.data();
  wanted.sock_state_cb = Impl::socket_changed;
  wanted.sock_state_cb_data = impl.get();
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&impl->channel, &wanted, mask);
  if (status != ARES_SUCCESS) return base::fail(base::Errc::unavailable, ares_strerror(status));
  if (!options.servers.empty()) {
    std::string list;
    for (const auto& server : options.servers) list += (list.empty() ? "" : ",") + server;
    status = ares_set_servers_ports_csv(impl->channel, list.c_str());
    if (status != ARES_SUCCESS) {
      ares_destroy(impl->channel);
      return base::fail(base::Errc::invalid, fmt::format("dns.servers {}: {}", list, ares_strerror(status)));
    }
  }
  return std::unique_ptr<CaresHostResolver>(new CaresHostResolver(std::move(impl)));
}

CaresHostResolver::CaresHostResolver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

CaresHostResolver::~CaresHostResolver() {
  stop();
}

void CaresHostResolver::stop() {
  if (impl_->channel == nullptr) return;
  ares_destroy(std::exchange(impl_->channel, nullptr));  // what is pending is answered with ARES_EDESTRUCTION
  impl_->timer->cancel();
}

base::Task<base::Result<std::vector<IpAddress>>> CaresHostResolver::addresses(std::string host) {
  const auto literal = IpAddress::parse(host);
  if (literal) co_return std::vector<IpAddress>{*literal};
  if (impl_->channel == nullptr) co_return base::fail(base::Errc::closed, "the resolver has been stopped");
  const auto kept = impl_;
  const auto cached = kept->cache.find(host);
  if (cached != kept->cache.end() && cached->second.until > kept->clock.steady_now())
    co_return cached->second.addresses;
  auto query = co_await kept->ask(host);
  if (query->status == ARES_SUCCESS && !query->addresses.empty()) {
    if (kept->cache.size() >= cached_names) kept->cache.clear();
    kept->cache[host] = {query->addresses, kept->clock.steady_now() + query->ttl};
    co_return query->addresses;
  }
  const bool absent =
      query->status == ARES_ENOTFOUND || query->status == ARES_ENODATA || query->status == ARES_SUCCESS;
  if (absent) co_return base::fail(base::Errc::not_found, "no such host");
  // An outage of the DNS does not cut off an upstream whose address is known.
  const auto stale = kept->cache.find(host);
  if (stale != kept->cache.end()) co_return stale->second.addresses;
  co_return base::fail(base::Errc::unavailable, fmt::format("DNS: {}", ares_strerror(query->status)));
}

}  // namespace postern::net
