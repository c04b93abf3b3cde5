// A resolver of ours that asks a DNS server of the test's, for both kinds of resolvers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fake_dns.hpp"
#include "loopback.hpp"
#include "postern/net/dns.hpp"
#include "postern/net/resolver.hpp"

namespace postern::net {

template <class Resolver>
class AskingTest : public LoopbackTest {
 protected:
  // Only a resolver on the real clock sees the timeouts of c-ares, which keeps its own time.
  std::unique_ptr<Resolver> make(base::Clock& time, DnsOptions options = {}) {
    options.servers = {dns.address()};
    return std::move(Resolver::create(loop.get_executor(), time, options).value());
  }

  base::SystemClock real_clock;
  FakeDns dns{loop};
  std::unique_ptr<Resolver> resolver = make(clock);
};

class DnsTest : public AskingTest<CaresResolver> {
 protected:
  using Answer = base::Result<DnsAnswerPtr>;

  Answer ask(const std::string& name, DnsType type = DnsType::txt) {
    return run(resolver->query(name, type));
  }
  static std::vector<std::string> texts(const Answer& answer) {
    if (!answer) return {"error: " + answer.error().message};
    return (*answer)->texts;
  }
  base::Errc error(const std::string& name) {
    const auto answer = ask(name);
    return answer ? base::Errc::exists : answer.error().code;
  }
  void text(const std::string& name, const std::string& value, std::size_t ttl = 300) {
    dns.scripts[name] = [name, value, ttl](const DnsQuery& query) {
      return query.reply().answer(name, DnsType::txt, ttl, dns_strings({value})).bytes();
    };
  }
  void silence(const std::string& name) {
    dns.scripts[name] = [](const DnsQuery&) { return std::string(); };
  }
};

// After stop() nothing of the resolver keeps the loop alive, whatever was pending; `question` makes one.
template <class Resolver, class Question>
void expect_the_loop_to_end(Question question) {
  boost::asio::io_context loop;
  base::SystemClock clock;
  std::optional<FakeDns> dns(loop);
  const DnsOptions options{{dns->address()}, std::chrono::minutes(1), 1};
  auto resolver = std::move(Resolver::create(loop.get_executor(), clock, options).value());
  dns->hosts["known.example.com"] = {{"192.0.2.1"}};
  dns->hosts["silent.example.com"] = {{}, 0, true};
  ASSERT_TRUE(support::run(loop, question(*resolver, "known.example.com")));
  bool ended = false;
  boost::asio::co_spawn(loop, question(*resolver, "silent.example.com"),
                        [&ended](const std::exception_ptr&, const auto&) { ended = true; });
  loop.restart();
  loop.poll();
  EXPECT_FALSE(ended);
  resolver->stop();
  dns.reset();
  loop.restart();
  loop.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(loop.stopped());
  EXPECT_TRUE(ended);
}

// Servers that are no addresses are named in the error.
template <class Resolver>
void expect_servers_to_be_addresses() {
  boost::asio::io_context loop;
  base::SystemClock clock;
  const auto result = Resolver::create(loop.get_executor(), clock, {{"dns.example.com:53"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::Errc::invalid);
  EXPECT_THAT(result.error().message, testing::HasSubstr("dns.example.com:53"));
}

}  // namespace postern::net
