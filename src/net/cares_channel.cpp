#include "cares_channel.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace postern::net {

namespace asio = boost::asio;

namespace {

// Without EDNS an answer over 512 octets costs a TCP connection; over this size packets are cut on their way.
constexpr int edns_size = 1232;

// Process-wide set-up of c-ares, once.
const int library_ready = ares_library_init(ARES_LIB_INIT_ALL);

// What c-ares carries through a question and gives back.
template <class Found>
struct Pending {
  base::Executor executor;
  std::function<void(Found)> done;

  static void hand_over(std::unique_ptr<Pending> pending, Found found) {
    asio::post(pending->executor, [done = std::move(pending->done), found = std::move(found)]() mutable {
      done(std::move(found));
    });
  }
};

CaresChannel::Status status_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return CaresChannel::Status::answered;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      return CaresChannel::Status::absent;
    case ARES_ETIMEOUT:
      return CaresChannel::Status::timeout;
    case ARES_EBADNAME:
      return CaresChannel::Status::invalid;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return CaresChannel::Status::cancelled;
    default:
      return CaresChannel::Status::unavailable;
  }
}

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

void hosts_found(void* pointer, int status, int, ares_addrinfo* info) {
  std::unique_ptr<Pending<CaresChannel::Hosts>> pending(static_cast<Pending<CaresChannel::Hosts>*>(pointer));
  CaresChannel::Hosts found{status_of(status), ares_strerror(status), {}, std::chrono::hours(24)};
  if (info != nullptr) {
    for (const auto* node = info->nodes; node != nullptr; node = node->ai_next) {
      found.addresses.push_back(address_of(*node->ai_addr));
      found.ttl = std::min(found.ttl, std::chrono::seconds(std::max(node->ai_ttl, 0)));
    }
    ares_freeaddrinfo(info);
  }
  if (found.status == CaresChannel::Status::answered && found.addresses.empty())
    found.status = CaresChannel::Status::absent;
  Pending<CaresChannel::Hosts>::hand_over(std::move(pending), std::move(found));
}

void records_found(void* pointer, int status, int, unsigned char* bytes, int size) {
  std::unique_ptr<Pending<CaresChannel::Records>> pending(
      static_cast<Pending<CaresChannel::Records>*>(pointer));
  CaresChannel::Records found{status_of(status), ares_strerror(status), {}};
  if (bytes != nullptr && size > 0)
    found.message.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  Pending<CaresChannel::Records>::hand_over(std::move(pending), std::move(found));
}

// c-ares takes a backslash for an escape; every other octet goes as it is.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) out.append(c == '\\' ? 2 : 1, c);
  return out;
}

}  // namespace

struct CaresChannel::Watch {
  explicit Watch(asio::posix::stream_descriptor d) : descriptor(std::move(d)) {}
  asio::posix::stream_descriptor descriptor;
  bool read = false, write = false;
  bool reading = false, writing = false;
};

base::Result<std::shared_ptr<CaresChannel>> CaresChannel::open(base::Executor executor, base::Clock& clock,
                                                               const DnsOptions& options, Purpose purpose) {
  if (library_ready != ARES_SUCCESS) return base::fail(base::Errc::unavailable, ares_strerror(library_ready));
  std::shared_ptr<CaresChannel> channel(new CaresChannel(std::move(executor), clock));
  const auto ready = channel->set_up(options, purpose);
  if (!ready) return ready.error();
  return channel;
}

CaresChannel::CaresChannel(base::Executor executor, base::Clock& clock)
    : executor_(std::move(executor)), timer_(clock.make_timer(executor_)), clock_(clock) {}

CaresChannel::~CaresChannel() {
  close();
}

base::Result<void> CaresChannel::set_up(const DnsOptions& options, Purpose purpose) {
  const bool for_hosts = purpose == Purpose::hosts;
  ares_options wanted{};
  // The hosts file knows localhost, and the hostAliases of pods; a policy is what the world sees of a name.
  std::string lookups = for_hosts ? "fb" : "b";
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = options.tries;
  wanted.lookups = lookups.data();
  wanted.sock_state_cb = socket_changed;
  wanted.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  if (!for_hosts) {
    wanted.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
    wanted.ednspsz = edns_size;
    mask |= ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ;
  }
  const int status = ares_init_options(&channel_, &wanted, mask);
  if (status != ARES_SUCCESS) return base::fail(base::Errc::unavailable, ares_strerror(status));
  return set_servers(options.servers);
}

base::Result<void> CaresChannel::set_servers(const std::vector<std::string>& servers) {
  if (servers.empty()) return {};
  std::string list;
  for (const auto& server : servers) list += (list.empty() ? "" : ",") + server;
  const int status = ares_set_servers_ports_csv(channel_, list.c_str());
  if (status == ARES_SUCCESS) return {};
  return base::fail(base::Errc::invalid, fmt::format("dns.servers {}: {}", list, ares_strerror(status)));
}

void CaresChannel::ask_hosts(const std::string& host, std::function<void(Hosts)> done) {
  auto pending = std::make_unique<Pending<Hosts>>(Pending<Hosts>{executor_, std::move(done)});
  if (closed()) {
    Pending<Hosts>::hand_over(std::move(pending), {Status::cancelled, "closed", {}, {}});
    return;
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, hosts_found, pending.release());
  arm();
}

void CaresChannel::ask_records(const std::string& name, DnsType type, std::function<void(Records)> done) {
  auto pending = std::make_unique<Pending<Records>>(Pending<Records>{executor_, std::move(done)});
  if (closed()) {
    Pending<Records>::hand_over(std::move(pending), {Status::cancelled, "closed", {}});
    return;
  }
  ares_query(channel_, escaped(name).c_str(), ns_c_in, static_cast<int>(type), records_found,
             pending.release());
  arm();
}

void CaresChannel::close() {
  if (closed()) return;
  ares_destroy(std::exchange(channel_, nullptr));  // what is pending is answered with ARES_EDESTRUCTION
  timer_->cancel();
}

void CaresChannel::socket_changed(void* self, int fd, int read, int write) {
  static_cast<CaresChannel*>(self)->watch(fd, read != 0, write != 0);
}

void CaresChannel::watch(int fd, bool read, bool write) {
  auto found = watches_.find(fd);
  if (!read && !write) {
    // c-ares closes the number next, and the kernel may give it to somebody else: let go of it now.
    if (found != watches_.end()) {
      found->second->read = found->second->write = false;
      found->second->descriptor.release();
      watches_.erase(found);
    }
    return;
  }
  if (found == watches_.end()) {
    asio::posix::stream_descriptor descriptor(executor_, fd);
    found = watches_.emplace(fd, std::make_shared<Watch>(std::move(descriptor))).first;
  }
  found->second->read = read;
  found->second->write = write;
  wait_for(fd, found->second);
}

void CaresChannel::wait_for(int fd, const std::shared_ptr<Watch>& watch) {
  const auto when_ready = [fd, self = weak_from_this(), kept = std::weak_ptr<Watch>(watch)](bool reading) {
    return [fd, self, kept, reading](const boost::system::error_code& error) {
      const auto alive = self.lock();
      const auto still = kept.lock();
      if (!alive || !still) return;
      (reading ? still->reading : still->writing) = false;
      if (error) return;
      alive->process(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
      // Processing may have closed this descriptor; only one that is still watched is waited for again.
      const auto found = alive->watches_.find(fd);
      if (found != alive->watches_.end() && found->second == still) alive->wait_for(fd, still);
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

void CaresChannel::process(int readable, int writable) {
  if (closed()) return;
  ares_process_fd(channel_, readable, writable);
  arm();
}

void CaresChannel::arm() {
  timeval room{};
  const timeval* next = ares_timeout(channel_, nullptr, &room);
  if (next == nullptr) {
    timer_->cancel();
    return;
  }
  timer_->expires_at(clock_.steady_now() + std::chrono::seconds(next->tv_sec) +
                     std::chrono::microseconds(next->tv_usec) + std::chrono::milliseconds(1));
  if (timing_) return;
  timing_ = true;
  asio::co_spawn(executor_, keep_time(), [kept = shared_from_this()](const std::exception_ptr&) {});
}

// Ends when nothing is asked any more.
base::Task<void> CaresChannel::keep_time() {
  // Not in what follows the end: a question asked between the two would find nobody who keeps its time.
  struct Ending {
    bool& timing;
    ~Ending() { timing = false; }
  } ending{timing_};
  timeval room{};
  while (!closed() && ares_timeout(channel_, nullptr, &room) != nullptr) {
    const bool due = co_await timer_->wait();
    if (due) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
}

}  // namespace postern::net
