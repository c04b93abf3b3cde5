// One c-ares channel on the loop: the only place that knows c-ares. Its descriptors are watched, never owned
// (c-ares closes them); a timer is armed again after each query and each event, or a lost packet would hang
// for ever. What it found is always handed over from the loop's queue, because c-ares may call back inside
// the call that asks and inside the one that closes. Does not cache or share questions. Loop thread only.
// Private to net.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/net/dns.hpp"
#include "postern/net/ip.hpp"
#include "postern/net/resolver.hpp"

struct ares_channeldata;

namespace postern::net {

class CaresChannel : public std::enable_shared_from_this<CaresChannel> {
 public:
  enum class Purpose {
    hosts,   // endpoints: the hosts file first, search list
    records  // policies: the DNS alone, the name as it is, EDNS
  };
  enum class Status { answered, absent, timeout, unavailable, invalid, cancelled };
  struct Hosts {
    Status status = Status::unavailable;
    std::string error;
    std::vector<IpAddress> addresses;
    std::chrono::seconds ttl{0};  // the least; a day where nothing says
  };
  struct Records {
    Status status = Status::unavailable;
    std::string error;
    std::string message;  // as it came, whatever its RCODE; empty when no server gave one
  };

  static base::Result<std::shared_ptr<CaresChannel>> open(base::Executor executor, base::Clock& clock,
                                                          const DnsOptions& options, Purpose purpose);
  ~CaresChannel();
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

  // done is called once, from the loop's queue.
  void ask_hosts(const std::string& host, std::function<void(Hosts)> done);
  // name: octets as they are, dots between labels, no NUL.
  void ask_records(const std::string& name, DnsType type, std::function<void(Records)> done);
  void close();  // what is pending ends as cancelled; the loop can then run out of work
  bool closed() const { return channel_ == nullptr; }

 private:
  struct Watch;
  CaresChannel(base::Executor executor, base::Clock& clock);
  base::Result<void> set_up(const DnsOptions& options, Purpose purpose);
  base::Result<void> set_servers(const std::vector<std::string>& servers);
  static void socket_changed(void* self, int fd, int read, int write);
  void watch(int fd, bool read, bool write);
  void wait_for(int fd, const std::shared_ptr<Watch>& watch);
  void process(int readable, int writable);
  void arm();
  base::Task<void> keep_time();

  base::Executor executor_;
  std::unique_ptr<base::Timer> timer_;
  base::Clock& clock_;
  ares_channeldata* channel_ = nullptr;
  std::map<int, std::shared_ptr<Watch>> watches_;
  bool timing_ = false;
};

}  // namespace postern::net
