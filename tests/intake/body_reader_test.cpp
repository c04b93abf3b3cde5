#include "intake/body_reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::intake {
namespace {

// Gives its bytes in portions of a size, then is at its end.
class PortionStream final : public net::Stream {
 public:
  PortionStream(std::string bytes, std::size_t portion) : bytes_(std::move(bytes)), portion_(portion) {}

  base::Task<base::Result<std::size_t>> read_some(std::span<char> into) override {
    const std::size_t n = std::min({into.size(), portion_, bytes_.size() - at_});
    if (n == 0) co_return base::fail(base::Errc::closed, "end of stream");
    std::copy_n(bytes_.data() + at_, n, into.data());
    at_ += n;
    co_return n;
  }
  base::Task<base::Result<void>> write(std::string_view) override { co_return base::Result<void>(); }
  void set_deadline(base::SteadyTime) override {}
  base::Task<base::Result<void>> start_tls_client(std::shared_ptr<net::TlsContext>, std::string) override {
    co_return base::fail(base::Errc::tls, "none");
  }
  base::Task<base::Result<void>> start_tls_server(std::shared_ptr<net::TlsContext>) override {
    co_return base::fail(base::Errc::tls, "none");
  }
  bool encrypted() const override { return false; }
  std::string tls_description() const override { return {}; }
  base::Task<void> close() override { co_return; }
  void abort() override {}
  bool quiet() const override { return true; }
  const net::Peer& peer() const override { return peer_; }

 private:
  std::string bytes_;
  std::size_t portion_;
  std::size_t at_ = 0;
  net::Peer peer_;
};

struct BodyReaderTest : testing::Test {
  boost::asio::io_context loop;
  base::Pool disk{"disk", 1};
  base::Budget memory{64 * 1024 * 1024};
  support::TempDir directory;
  BodyLimits limits{1024 * 1024, false};

  base::Result<Body> read(std::string wire, std::size_t portion = 4096) {
    PortionStream stream(std::move(wire), portion);
    net::BufferedReader reader(stream);
    BodyReader body_reader(reader, disk, memory, limits, directory.file("body"));
    return support::run(loop, body_reader.read());
  }
  static std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(BodyReaderTest, splits_header_and_body_whatever_the_portions) {
  const std::string wire = "Subject: a\r\nX: b\r\n c\r\n\r\nline\r\n..dot\r\n.\r\n";
  for (std::size_t portion = 1; portion <= wire.size(); ++portion) {
    const auto body = read(wire, portion).value();
    EXPECT_EQ(body.header, "Subject: a\r\nX: b\r\n c\r\n") << portion;
    EXPECT_EQ(*body.memory, "line\r\n.dot\r\n") << portion;
    EXPECT_EQ(body.size, 12u);
  }
}

TEST_F(BodyReaderTest, knows_messages_without_header_or_without_body) {
  EXPECT_EQ(read("\r\nonly body\r\n.\r\n").value().header, "");
  EXPECT_EQ(*read("\r\nonly body\r\n.\r\n").value().memory, "only body\r\n");
  EXPECT_EQ(read("Subject: a\r\n.\r\n").value().header, "Subject: a\r\n");
  EXPECT_EQ(*read("Subject: a\r\n.\r\n").value().memory, "");
  EXPECT_EQ(*read("Subject: a\r\n\r\n.\r\n").value().memory, "");
}

TEST_F(BodyReaderTest, a_large_body_lies_in_a_synced_file_and_costs_no_memory) {
  const std::string line(998, 'x');
  std::string text;
  while (text.size() < 600 * 1024) text += line + "\r\n";
  auto body = read("Subject: a\r\n\r\n" + text + ".\r\n").value();
  EXPECT_EQ(body.memory, nullptr);
  ASSERT_TRUE(body.file.has_value());
  EXPECT_TRUE(contents(body.file->path()) == text);
  EXPECT_EQ(body.size, text.size());
  EXPECT_EQ(memory.used(), 0u);
}

TEST_F(BodyReaderTest, without_budget_even_a_small_body_goes_to_a_file) {
  memory.set_limit(0);
  auto body = read("Subject: a\r\n\r\nhello\r\n.\r\n").value();
  ASSERT_TRUE(body.file.has_value());
  EXPECT_EQ(contents(body.file->path()), "hello\r\n");
}

TEST_F(BodyReaderTest, the_budget_is_held_as_long_as_the_bytes_are) {
  auto body = read("Subject: a\r\n\r\nhello\r\n.\r\n").value();
  EXPECT_EQ(memory.used(), 7u);
  auto holder = body.memory;
  body.memory.reset();
  EXPECT_EQ(memory.used(), 7u);
  holder.reset();
  EXPECT_EQ(memory.used(), 0u);
}

TEST_F(BodyReaderTest, a_file_that_the_spool_does_not_take_is_removed) {
  memory.set_limit(0);
  std::string path;
  {
    auto body = read("Subject: a\r\n\r\nhello\r\n.\r\n").value();
    path = body.file->path();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(BodyReaderTest, too_much_is_read_to_its_end_and_refused) {
  limits.message_size = 100;
  const auto body = read("Subject: a\r\n\r\n" + std::string(500, 'x') + "\r\n.\r\n").value();
  EXPECT_EQ(body.problem, BodyProblem::too_large);
  EXPECT_EQ(memory.used(), 0u);
}

TEST_F(BodyReaderTest, an_endless_header_is_refused) {
  limits.message_size = 8 * 1024 * 1024;
  std::string wire;
  while (wire.size() < 2 * 1024 * 1024) wire += "X-Line: " + std::string(900, 'x') + "\r\n";
  EXPECT_EQ(read(wire + "\r\nbody\r\n.\r\n").value().problem, BodyProblem::header_too_large);
}

TEST_F(BodyReaderTest, nul_is_refused_and_bare_newlines_by_policy) {
  EXPECT_EQ(read(std::string("Subject: a\r\n\r\na\0b\r\n.\r\n", 22)).value().problem, BodyProblem::nul);
  EXPECT_EQ(read("Subject: a\r\n\r\na\nb\r\n.\r\n").value().problem, BodyProblem::none);
  limits.reject_bare_newline = true;
  EXPECT_EQ(read("Subject: a\r\n\r\na\nb\r\n.\r\n").value().problem, BodyProblem::bare_newline);
}

TEST_F(BodyReaderTest, a_client_that_goes_away_in_the_middle_leaves_nothing_behind) {
  memory.set_limit(0);
  EXPECT_EQ(read("Subject: a\r\n\r\nhel").error().code, base::Errc::closed);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(BodyReaderTest, a_disk_that_fails_is_a_refusal_not_a_crash) {
  memory.set_limit(0);
  std::filesystem::remove(directory.path());
  const auto body = read("Subject: a\r\n\r\nhello\r\n.\r\n").value();
  EXPECT_EQ(body.problem, BodyProblem::disk_failed);
  std::filesystem::create_directory(directory.path());
}

}  // namespace
}  // namespace postern::intake
