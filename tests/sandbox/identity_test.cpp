#include "sandbox/identity.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sandbox/files.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace postern::sandbox {
namespace {

class Identity : public testing::Test {
 protected:
  Identity() { options_.data = directory_.path(); }
  std::string certificate() {
    const auto files = load_tls_files(options_, clock_.wall_now());
    return files ? read_file(files->certificate).value() : files.error().message;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }

  support::TempDir directory_;
  support::ManualClock clock_;
  Options options_;
};

}  // namespace

TEST_F(Identity, credentials_are_made_up_and_kept) {
  const auto first = load_credentials(options_);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->user.size(), 20U);
  EXPECT_EQ(first->password.size(), 44U);
  const auto second = load_credentials(options_);
  EXPECT_EQ(second->user, first->user);
  EXPECT_EQ(second->key.access_key_id, first->user);
  EXPECT_EQ(second->key.secret_access_key, first->key.secret_access_key);
  EXPECT_EQ(first->key.secret_access_key.size(), 40U);
  EXPECT_EQ(second->password, first->password);
  EXPECT_EQ(mode_of(directory_.file("credentials")), 0600U);
}

// The vector of the Terraform provider for AWS: region and secret key to SMTP password.
TEST_F(Identity, smtp_credentials_follow_from_the_access_key_and_the_region) {
  options_.region = "eu-central-1";
  options_.access_key_id = "AKIDEXAMPLE";
  options_.secret_access_key = "some+secret+key";
  const auto credentials = load_credentials(options_);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "AKIDEXAMPLE");
  EXPECT_EQ(credentials->password, "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2");
  EXPECT_EQ(credentials->key.secret_access_key, "some+secret+key");
  EXPECT_EQ(credentials->key.session_token, "");
}

TEST_F(Identity, credentials_of_the_command_line_win) {
  options_.user = "user";
  options_.password = "pass";
  const auto credentials = load_credentials(options_);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "user");
  EXPECT_EQ(credentials->password, "pass");
}

TEST_F(Identity, damaged_credentials_are_not_replaced_silently) {
  ASSERT_TRUE(write_file(directory_.file("credentials"), "half"));
  EXPECT_EQ(load_credentials(options_).error().code, base::Errc::corrupt);
}

TEST_F(Identity, certificate_is_kept_and_its_key_private) {
  const auto first = certificate();
  EXPECT_TRUE(first.starts_with("-----BEGIN CERTIFICATE-----")) << first;
  EXPECT_EQ(certificate(), first);
  EXPECT_EQ(mode_of(directory_.file("tls/server.key")), 0600U);
}

TEST_F(Identity, certificate_is_renewed_for_another_region_and_when_it_has_run_out) {
  const auto first = certificate();
  options_.region = "us-east-1";
  const auto second = certificate();
  EXPECT_NE(second, first);
  clock_.set(std::chrono::hours(24 * 365 * 11));
  EXPECT_NE(certificate(), second);
}

TEST(Files, journal_grows_at_its_end) {
  support::TempDir directory;
  ASSERT_TRUE(append_to_file(directory.file("a"), "first\n"));
  ASSERT_TRUE(append_to_file(directory.file("a"), "second\n"));
  EXPECT_EQ(read_file(directory.file("a")).value(), "first\nsecond\n");
  EXPECT_FALSE(append_to_file(directory.file("none/a"), "x"));
}

TEST(Files, are_replaced_whole) {
  support::TempDir directory;
  ASSERT_TRUE(write_file(directory.file("a"), "first"));
  ASSERT_TRUE(write_file(directory.file("a"), "second"));
  EXPECT_EQ(read_file(directory.file("a")).value(), "second");
  EXPECT_EQ(read_file(directory.file("a.tmp")).error().code, base::Errc::not_found);
  EXPECT_FALSE(write_file(directory.file("none/a"), "x"));
}

}  // namespace postern::sandbox
