#include "postern/net/listener.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "loopback.hpp"

namespace postern::net {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;

// While it lives no descriptor can be had.
class FewDescriptors {
 public:
  FewDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

class ListenerTest : public LoopbackTest {
 protected:
  base::Result<std::unique_ptr<Listener>> try_listen(const std::string& address) {
    return Listener::listen(loop.get_executor(), clock, address);
  }
  base::Error refusal_of(const std::string& address) {
    auto result = try_listen(address);
    return result ? base::fail(Errc::invalid, "it listens") : result.error();
  }
  // The socket file of a process that died.
  std::string stale_socket() {
    const std::string path = directory.file("stale.sock");
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    ::close(fd);
    return path;
  }
  static base::Task<base::Result<StreamPtr>> accept(Listener& listener) {
    auto stream = co_await listener.accept();
    co_return stream;
  }
  // Goes on after a cancellation, until the listener is closed.
  static base::Task<void> accept_until_closed(Listener& listener, std::vector<Errc>& ended) {
    while (ended.empty() || ended.back() != Errc::closed) {
      auto stream = co_await listener.accept();
      if (!stream) ended.push_back(stream.error().code);
    }
  }
  static base::Task<void> accept_after(base::Timer& timer, Listener& listener, Errc& ended) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_await timer.wait();
    auto stream = co_await listener.accept();
    if (!stream) ended = stream.error().code;
  }
};

TEST_F(ListenerTest, port_0_takes_a_free_one_and_tells_it) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    auto listener = listen(address);
    const auto bound = HostPort::parse(listener->local_address()).value();
    EXPECT_EQ(bound.host, HostPort::parse(address)->host);
    EXPECT_GT(bound.port, 0);
    const auto ends = connect(*listener);
    EXPECT_EQ(ends.server->peer().address, IpAddress::parse(bound.host).value());
  }
}

TEST_F(ListenerTest, an_address_in_use_is_busy_and_named) {
  const auto first = listen("127.0.0.1:0");
  const auto error = refusal_of(first->local_address());
  EXPECT_EQ(error.code, Errc::busy);
  EXPECT_THAT(error.message, HasSubstr(first->local_address()));
}

TEST_F(ListenerTest, an_address_that_the_machine_has_not_is_unreachable) {
  const auto error = refusal_of("203.0.113.1:0");
  EXPECT_EQ(error.code, Errc::unreachable);
  EXPECT_THAT(error.message, HasSubstr("203.0.113.1:0"));
}

TEST_F(ListenerTest, what_is_no_address_is_invalid_and_named) {
  const std::string long_path = "unix:/" + std::string(107, 'x');
  for (const std::string& address : std::vector<std::string>{"localhost:25", "25", "unix:", long_path}) {
    const auto error = refusal_of(address);
    EXPECT_EQ(error.code, Errc::invalid) << address;
    EXPECT_THAT(error.message, HasSubstr(address));
  }
}

TEST_F(ListenerTest, a_port_can_be_taken_again_right_after_a_restart) {
  auto first = listen("127.0.0.1:0");
  const auto address = first->local_address();
  auto ends = connect(*first);
  first.reset();
  ends.server->abort();  // our side closes first and stays in TIME_WAIT
  ends.client->abort();
  EXPECT_TRUE(try_listen(address));
}

TEST_F(ListenerTest, a_stale_socket_file_is_replaced) {
  const auto path = stale_socket();
  auto listener = listen("unix:" + path);
  const auto ends = connect(*listener);
  EXPECT_TRUE(ends.server->peer().is_local_socket);
  EXPECT_EQ(listener->local_address(), "unix:" + path);
}

TEST_F(ListenerTest, a_socket_that_answers_is_busy_and_stays) {
  const std::string address = "unix:" + directory.file("live.sock");
  auto first = listen(address);
  EXPECT_EQ(refusal_of(address).code, Errc::busy);
  ASSERT_TRUE(run(accept(*first))) << "the probe";
  EXPECT_TRUE(connect(*first).client);
}

TEST_F(ListenerTest, a_file_that_is_no_socket_stays) {
  const std::string path = directory.file("precious");
  std::ofstream(path) << "data";
  EXPECT_EQ(refusal_of("unix:" + path).code, Errc::busy);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, a_directory_that_is_not_there_is_named) {
  const auto error = refusal_of("unix:" + directory.file("none/x.sock"));
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_THAT(error.message, HasSubstr("none/x.sock"));
}

TEST_F(ListenerTest, the_socket_file_is_for_owner_and_group_and_goes_with_the_listener) {
  const std::string path = directory.file("x.sock");
  auto listener = listen("unix:" + path);
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0660U);
  listener->close();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, close_ends_a_waiting_accept) {
  auto listener = listen("127.0.0.1:0");
  auto stream = start(accept(*listener));
  EXPECT_FALSE(*stream);
  listener->close();
  advance(base::Duration(0));
  ASSERT_TRUE(*stream);
  EXPECT_EQ((*stream)->error().code, Errc::closed);
  EXPECT_EQ(run(accept(*listener)).error().code, Errc::closed);
}

TEST_F(ListenerTest, a_cancelled_accept_says_so_and_the_task_may_go_on) {
  auto listener = listen("127.0.0.1:0");
  std::vector<Errc> ended;
  tasks.spawn("accept", accept_until_closed(*listener, ended));
  advance(base::Duration(0));
  cancel_tasks();
  EXPECT_THAT(ended, ElementsAre(Errc::cancelled));
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_TRUE(run(dialer.connect(target_of(*listener), in(std::chrono::seconds(10)))));
  listener->close();
  EXPECT_TRUE(run_until([&] { return tasks.size() == 0; }));
  EXPECT_THAT(ended, ElementsAre(Errc::cancelled, Errc::closed));
  EXPECT_TRUE(lines.empty());
}

TEST_F(ListenerTest, a_task_that_was_cancelled_before_does_not_wait_for_a_client) {
  auto listener = listen("127.0.0.1:0");
  const auto timer = clock.make_timer(loop.get_executor());
  Errc ended = Errc::invalid;
  tasks.spawn("accept", accept_after(*timer, *listener, ended));
  advance(base::Duration(0));
  cancel_tasks();
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(ended, Errc::cancelled);
}

// Without descriptors accept waits a moment instead of spinning.
TEST_F(ListenerTest, a_lack_of_descriptors_is_waited_for_and_the_wait_can_be_cancelled) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan looks at memory through a pipe and takes a lack of descriptors for a broken object";
#endif
  auto listener = listen("127.0.0.1:0");
  auto client = run(dialer.connect(target_of(*listener), in(std::chrono::seconds(10))));
  std::vector<Errc> ended;
  {
    const FewDescriptors none_left;
    tasks.spawn("accept", accept_until_closed(*listener, ended));
    EXPECT_FALSE(run_until([&] { return !ended.empty(); }, std::chrono::milliseconds(50)));
    cancel_tasks();
    EXPECT_THAT(ended, ElementsAre(Errc::cancelled));
  }
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(tasks.size(), 1U);
  listener->close();
  EXPECT_TRUE(run_until([&] { return tasks.size() == 0; }));
}

TEST_F(ListenerTest, the_socket_file_of_a_successor_stays) {
  const std::string path = directory.file("x.sock");
  auto first = listen("unix:" + path);
  ASSERT_EQ(::unlink(path.c_str()), 0);  // by hand: the successor would not take it from a live one
  auto second = listen("unix:" + path);
  first->close();
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(connect(*second).client);
  second->close();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace postern::net
