#include "postern/spool/body_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "support/temp_dir.hpp"

namespace postern::spool {
namespace {

// What the disk does at each call; C function pointers can't capture.
int calls_made = 0;
int fail_from = 0;
int failing_with = 0;

bool fails() {
  if (calls_made++ < fail_from) return false;
  errno = failing_with;
  return true;
}

ssize_t failing_write(int fd, const void* bytes, std::size_t size) {
  return fails() ? -1 : ::write(fd, bytes, size);
}
ssize_t grudging_write(int fd, const void* bytes, std::size_t size) {
  if (calls_made++ % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  return ::write(fd, bytes, std::min<std::size_t>(size, 3));
}
int failing_sync(int) {
  return fails() ? -1 : 0;
}

struct BodyFileTest : testing::Test {
  support::TempDir directory;
  std::string path = directory.file("A1");
  BodyFileTest() { calls_made = fail_from = failing_with = 0; }

  std::string content() {
    auto reader = BodyReader::open(path).value();
    std::string all;
    char portion[7];
    for (;;) {
      const std::size_t n = reader.read(portion, sizeof portion).value();
      if (n == 0) return all;
      all.append(portion, n);
    }
  }
};

TEST_F(BodyFileTest, keeps_what_was_written) {
  auto file = BodyFile::create(path);
  ASSERT_FALSE(file.has_error());
  EXPECT_FALSE(file->write("first, ").has_error());
  EXPECT_FALSE(file->write("").has_error());
  EXPECT_FALSE(file->write("second").has_error());
  EXPECT_FALSE(file->sync().has_error());
  file->keep();
  EXPECT_EQ(content(), "first, second");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(BodyFileTest, is_gone_unless_it_was_kept) {
  {
    auto file = BodyFile::create(path);
    auto moved = std::move(file.value());
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  {
    auto file = BodyFile::create(path);
    auto other = BodyFile::create(directory.file("A2"));
    other.value() = std::move(file.value());
    other->keep();
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(directory.file("A2")));
}

TEST_F(BodyFileTest, never_takes_a_file_that_exists) {
  auto file = BodyFile::create(path);
  EXPECT_EQ(BodyFile::create(path).error().code, base::Errc::exists);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(BodyFile::create(directory.file("absent/A1")).error().code, base::Errc::not_found);
}

TEST_F(BodyFileTest, writes_on_after_short_and_interrupted_writes) {
  auto file = BodyFile::create(path, {.write = grudging_write});
  EXPECT_FALSE(file->write("ten  bytes").has_error());
  file->keep();
  EXPECT_EQ(content(), "ten  bytes");
}

TEST_F(BodyFileTest, says_that_the_disk_is_full) {
  fail_from = 1;
  for (const int number : {ENOSPC, EDQUOT}) {
    calls_made = 0;
    failing_with = number;
    auto file = BodyFile::create(path, {.write = failing_write});
    EXPECT_FALSE(file->write("fits").has_error());
    EXPECT_EQ(file->write("does not").error().code, base::Errc::full);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(BodyFileTest, a_failed_sync_of_file_or_directory_is_reported_and_not_repeated) {
  failing_with = EIO;
  for (fail_from = 0; fail_from < 2; ++fail_from) {
    calls_made = 0;
    auto file = BodyFile::create(path, {.fsync = failing_sync});
    EXPECT_FALSE(file->write("x").has_error());
    EXPECT_EQ(file->sync().error().code, base::Errc::io);
    EXPECT_EQ(calls_made, fail_from + 1);
  }
}

TEST_F(BodyFileTest, reading_what_is_not_there_is_an_error) {
  EXPECT_EQ(BodyReader::open(path).error().code, base::Errc::not_found);
  auto folder = BodyReader::open(directory.path());
  char byte = 0;
  EXPECT_TRUE(folder->read(&byte, 1).has_error());
}

}  // namespace
}  // namespace postern::spool
