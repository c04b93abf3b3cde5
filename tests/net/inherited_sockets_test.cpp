#include "net/inherited_sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "loopback.hpp"
#include "net/socket_address.hpp"

namespace postern::net {
namespace {

using base::Errc;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// The test passes sockets to itself, as a service manager does: descriptors in a row and the environment.
class InheritedSocketsTest : public LoopbackTest {
 protected:
  static constexpr int first = 200;  // 3 and up are in use here

  ~InheritedSocketsTest() override {
    InheritedSockets::of_process() = InheritedSockets({});
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    for (int fd = first; fd < first + count; ++fd) ::close(fd);
  }

  // Puts a descriptor into the row.
  int pass(int descriptor) {
    const int to = first + count++;
    EXPECT_EQ(::dup2(descriptor, to), to);
    ::close(descriptor);
    return to;
  }
  static int bound(const SocketAddress& where, int type = SOCK_STREAM) {
    const int fd = ::socket(where.get()->sa_family, type, 0);
    const int on = 1;
    if (where.get()->sa_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    EXPECT_EQ(::bind(fd, where.get(), where.size), 0);
    return fd;
  }
  static int listening(const SocketAddress& where) {
    const int fd = bound(where);
    EXPECT_EQ(::listen(fd, 5), 0);
    return fd;
  }
  static SocketAddress any_port(const char* address) { return SocketAddress::of_text(address).value(); }

  InheritedSockets::Environment for_us(const std::string& names) const {
    return {std::to_string(::getpid()), std::to_string(count), names};
  }
  static void feed(const InheritedSockets::Environment& environment) {
    InheritedSockets::of_process() = InheritedSockets(environment, first);
  }
  std::vector<std::unique_ptr<Listener>> listen_all(const std::string& address) {
    auto all = Listener::listen_all(loop.get_executor(), clock, address);
    EXPECT_TRUE(all) << (all ? "" : all.error().message);
    return all ? std::move(*all) : std::vector<std::unique_ptr<Listener>>();
  }
  base::Error refusal_of(const std::string& address) {
    const auto all = Listener::listen_all(loop.get_executor(), clock, address);
    return all ? base::fail(Errc::io, "it listens") : all.error();
  }

  int count = 0;
};

TEST_F(InheritedSocketsTest, all_sockets_of_a_name_are_taken_over) {
  pass(listening(any_port("127.0.0.1:0")));
  pass(listening(any_port("127.0.0.2:0")));
  pass(listening(any_port("[::1]:0")));
  feed(for_us("smtp:other:smtp"));
  const auto all = listen_all("systemd:smtp");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0]->local_address(), StartsWith("127.0.0.1:"));
  EXPECT_THAT(all[1]->local_address(), StartsWith("[::1]:"));
  for (const auto& listener : all) {
    const auto ends = connect(*listener);
    ASSERT_TRUE(run(write_text(*ends.server, "220 hello\r\n")));
    EXPECT_EQ(run(read_text(*ends.client)).value(), "220 hello\r\n");
    EXPECT_TRUE(ends.server->peer().address.is_loopback());
  }
}

TEST_F(InheritedSocketsTest, the_environment_of_the_process_is_understood) {
  const int fd = pass(listening(any_port("127.0.0.1:0")));
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", "smtp", 1);
  InheritedSockets sockets(InheritedSockets::Environment::current(), first);
  EXPECT_THAT(sockets.take("smtp").value(), ElementsAre(fd));
}

TEST_F(InheritedSocketsTest, they_do_not_block_and_are_not_passed_on) {
  const int fd = pass(listening(any_port("127.0.0.1:0")));
  const int unused = pass(listening(any_port("127.0.0.1:0")));
  ASSERT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  feed(for_us("smtp:other"));
  const auto all = listen_all("systemd:smtp");
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(unused, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(InheritedSocketsTest, the_file_of_an_inherited_unix_socket_stays) {
  const std::string path = directory.file("smtp.sock");
  const int managers = listening(SocketAddress::of_path(path).value());
  pass(::dup(managers));
  feed(for_us("local"));
  auto all = listen_all("systemd:local");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->local_address(), "unix:" + path);
  EXPECT_TRUE(connect(*all[0]).server->peer().is_local_socket);
  all.clear();
  EXPECT_TRUE(std::filesystem::exists(path));
  Target target;
  target.host = "unix:" + path;
  EXPECT_TRUE(run(dialer.connect(target, in(std::chrono::seconds(10))))) << "the manager still listens";
  ::close(managers);
}

TEST_F(InheritedSocketsTest, a_name_is_taken_over_once) {
  pass(listening(any_port("127.0.0.1:0")));
  feed(for_us("smtp"));
  const auto all = listen_all("systemd:smtp");
  const auto error = refusal_of("systemd:smtp");
  EXPECT_EQ(error.code, Errc::busy);
  EXPECT_THAT(error.message, HasSubstr("systemd:smtp"));
}

TEST_F(InheritedSocketsTest, a_name_that_is_not_there_is_told_with_those_that_are) {
  pass(listening(any_port("127.0.0.1:0")));
  pass(listening(any_port("127.0.0.1:0")));
  feed(for_us("smtp:postern.socket"));
  const auto error = refusal_of("systemd:mail");
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_THAT(error.message, AllOf(HasSubstr("systemd:mail"), HasSubstr("named smtp, postern.socket;"),
                                   HasSubstr("FileDescriptorName=mail")));
}

TEST_F(InheritedSocketsTest, sockets_for_another_process_are_not_ours) {
  pass(listening(any_port("127.0.0.1:0")));
  for (const InheritedSockets::Environment& environment :
       std::vector<InheritedSockets::Environment>{{std::to_string(::getppid()), "1", "smtp"},
                                                  {{}, "1", "smtp"},
                                                  {std::to_string(::getpid()), {}, {}},
                                                  {}}) {
    feed(environment);
    const auto error = refusal_of("systemd:smtp");
    EXPECT_EQ(error.code, Errc::not_found);
    EXPECT_THAT(error.message, HasSubstr("no sockets were passed to this process"));
  }
}

TEST_F(InheritedSocketsTest, without_names_they_are_unknown) {
  pass(listening(any_port("127.0.0.1:0")));
  auto environment = for_us("");
  environment.names.reset();
  feed(environment);
  EXPECT_EQ(listen_all("systemd:unknown").size(), 1U);
}

TEST_F(InheritedSocketsTest, an_environment_that_makes_no_sense_is_told) {
  pass(listening(any_port("127.0.0.1:0")));
  const std::string us = std::to_string(::getpid());
  const std::vector<std::pair<InheritedSockets::Environment, std::string>> cases = {
      {{us, "one", "smtp"}, "LISTEN_FDS is no number of descriptors: 'one'"},
      {{us, "-1", "smtp"}, "LISTEN_FDS is no number of descriptors: '-1'"},
      {{us, "2147483647", "smtp"}, "LISTEN_FDS is no number of descriptors: '2147483647'"},
      {{us, "1", "smtp:more"}, "LISTEN_FDNAMES has 2 names for 1 descriptors"},
      {{us + "x", "1", "smtp"}, "LISTEN_PID is no process id"}};
  for (const auto& [environment, complaint] : cases) {
    feed(environment);
    const auto error = refusal_of("systemd:smtp");
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_THAT(error.message, HasSubstr(complaint));
  }
}

TEST_F(InheritedSocketsTest, what_is_no_listening_stream_socket_is_refused) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pass(bound(any_port("127.0.0.1:0"), SOCK_DGRAM));
  pass(bound(any_port("127.0.0.1:0")));
  pass(ends[0]);
  pass(::dup(ends[1]));
  ::close(first + count - 1);
  ::close(ends[1]);
  feed(for_us("datagram:connected:pipe:gone"));
  const std::vector<std::pair<std::string, std::string>> cases = {{"datagram", "is no stream socket"},
                                                                  {"connected", "does not listen"},
                                                                  {"pipe", "is no socket"},
                                                                  {"gone", "is not open"}};
  for (const auto& [name, complaint] : cases) {
    const auto error = refusal_of("systemd:" + name);
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_THAT(error.message, HasSubstr(complaint));
  }
}

TEST_F(InheritedSocketsTest, where_one_listener_is_needed_a_name_must_stand_for_one_socket) {
  for (int i = 0; i < 3; ++i) pass(listening(any_port("127.0.0.1:0")));
  feed(for_us("one:two:two"));
  EXPECT_TRUE(Listener::listen(loop.get_executor(), clock, "systemd:one"));
  const auto several = Listener::listen(loop.get_executor(), clock, "systemd:two");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, Errc::invalid);
  EXPECT_THAT(several.error().message, HasSubstr("systemd:two stands for 2 sockets"));
}

}  // namespace
}  // namespace postern::net
