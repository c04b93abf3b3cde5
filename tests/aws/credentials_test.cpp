// When the sources are asked again, and what is given meanwhile; keys that last; the region.
#include "postern/aws/credentials.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <fstream>

#include "fake_http.hpp"
#include "support/temp_dir.hpp"

namespace postern::aws {
namespace {

using base::Errc;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

using Found = base::Result<Credentials>;

class ProviderTest : public AwsTest {
 protected:
  ProviderTest() { environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c"; }

  static constexpr const char* url = "GET http://169.254.170.2:80/c";
  CredentialProvider& provider() {
    if (!made) made = make_credential_provider(options, sources());
    return *made;
  }
  // The container gives these, valid for so long from now.
  void lay_out(const std::string& id, base::Duration valid) {
    http.lay_out(url, http_answer(200, R"({"AccessKeyId":")" + id +
                                           R"(","SecretAccessKey":"topsecret","Token":"t","Expiration":")" +
                                           base::to_rfc3339(clock.wall_now() + valid) + "\"}"));
  }
  std::string id() {
    const auto found = run(provider().get());
    return found ? found->key.access_key_id : found.error().message;
  }

  CredentialOptions options;
  std::unique_ptr<CredentialProvider> made;
};

TEST_F(ProviderTest, what_is_there_is_given_without_asking) {
  lay_out("A", minutes(60));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(id(), "A");
  clock.set(minutes(44));
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(http.calls.size(), 1U);
}

TEST_F(ProviderTest, fifteen_minutes_before_the_end_new_ones_are_asked_for) {
  lay_out("A", minutes(60));
  EXPECT_EQ(id(), "A");
  http.forget();
  clock.set(minutes(45));
  lay_out("B", minutes(60));
  EXPECT_EQ(id(), "B");
}

TEST_F(ProviderTest, the_old_ones_hold_until_their_end_when_that_fails) {
  lay_out("A", minutes(60));
  EXPECT_EQ(id(), "A");
  http.forget();
  clock.set(minutes(45));
  EXPECT_EQ(id(), "A");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines.front(), AllOf(HasSubstr("aws_credentials_not_refreshed"), HasSubstr("source=container"),
                                   Not(HasSubstr("topsecret"))));
  const auto asked = http.calls.size();
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(http.calls.size(), asked) << "asked again at once";
  clock.set(minutes(14));
  EXPECT_EQ(id(), "A");
  EXPECT_GT(http.calls.size(), asked);
  clock.set(minutes(1));
  EXPECT_THAT(id(), HasSubstr("nobody listens"));
}

TEST_F(ProviderTest, calls_at_once_share_one_question) {
  lay_out("A", minutes(60));
  http.delay = seconds(1);
  std::vector<std::shared_ptr<std::optional<Found>>> all;
  for (int i = 0; i < 5; ++i) all.push_back(start(provider().get()));
  for (auto& one : all) EXPECT_EQ(finish(one)->key.access_key_id, "A");
  EXPECT_EQ(http.calls.size(), 1U);
}

TEST_F(ProviderTest, calls_at_once_share_the_error_too) {
  http.delay = seconds(1);
  std::vector<std::shared_ptr<std::optional<Found>>> all;
  for (int i = 0; i < 5; ++i) all.push_back(start(provider().get()));
  for (auto& one : all) EXPECT_EQ(finish(one).error().code, Errc::refused);
  EXPECT_EQ(http.calls.size(), 3U) << "three tries of one question";
}

TEST_F(ProviderTest, between_fifteen_and_ten_minutes_nobody_else_waits) {
  lay_out("A", minutes(60));
  EXPECT_EQ(id(), "A");
  http.forget();
  clock.set(minutes(46));
  lay_out("B", minutes(60));
  http.delay = seconds(1);
  auto first = start(provider().get());
  while (http.calls.size() < 2) {
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(5));
  }
  auto second = start(provider().get());
  loop.restart();
  loop.poll();
  ASSERT_TRUE(second->has_value());
  EXPECT_EQ(second->value()->key.access_key_id, "A");
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ(finish(first)->key.access_key_id, "B");
}

// The one who asked is cancelled; another one of those who wait goes on.
TEST_F(ProviderTest, who_waits_does_not_depend_on_who_asked) {
  lay_out("A", minutes(60));
  http.delay = seconds(1);
  boost::asio::cancellation_signal signal;
  bool ended = false;
  boost::asio::co_spawn(
      loop, provider().get(),
      boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, Found) { ended = true; }));
  while (http.calls.empty()) {
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(5));
  }
  auto second = start(provider().get());
  loop.restart();
  loop.poll();
  signal.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(finish(second)->key.access_key_id, "A");
  EXPECT_TRUE(ended);
  EXPECT_EQ(http.calls.size(), 2U);
}

TEST_F(ProviderTest, refused_ones_are_not_given_again) {
  lay_out("A", minutes(60));
  EXPECT_EQ(id(), "A");
  http.forget();
  lay_out("B", minutes(60));
  provider().refused();
  EXPECT_EQ(id(), "B");
  http.forget();
  provider().refused();
  EXPECT_THAT(id(), HasSubstr("nobody listens"));
}

TEST_F(ProviderTest, short_ones_are_not_renewed_at_every_call) {
  for (const char* one : {"A", "B", "C"}) lay_out(one, minutes(12));
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(id(), "A");
  clock.set(seconds(61));
  EXPECT_EQ(id(), "B");
}

TEST_F(ProviderTest, expired_ones_are_an_error_that_says_so) {
  lay_out("A", -minutes(1));
  EXPECT_THAT(id(), AllOf(HasSubstr("container"), HasSubstr("have expired")));
}

TEST_F(ProviderTest, those_of_imds_go_on_during_an_outage) {
  environment.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string roles = "http://169.254.169.254:80/latest/meta-data/iam/security-credentials/";
  http.lay_out("PUT http://169.254.169.254:80/latest/api/token", http_answer(200, "t"));
  http.lay_out("GET " + roles, http_answer(200, "r"));
  http.lay_out("GET " + roles + "r",
               http_answer(200, R"({"Code":"Success","AccessKeyId":"A","SecretAccessKey":"topsecret",)"
                                R"("Token":"t","Expiration":"2026-11-24T09:00:00Z"})"));
  const auto found = run(provider().get());
  ASSERT_TRUE(found) << found.error().message;
  const auto left = *found->expires - clock.wall_now();
  EXPECT_GE(left, minutes(17));
  EXPECT_LE(left, minutes(25));
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(http.calls.size(), 3U);
  clock.set(minutes(11));
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(http.calls.size(), 6U);
}

TEST_F(ProviderTest, a_file_that_changed_is_read_again) {
  const std::string file = "/home/u/.aws/credentials";
  disk_content[file] = "[default]\naws_access_key_id=A\naws_secret_access_key=topsecret\n";
  EXPECT_EQ(id(), "A");
  disk_content[file] = "[default]\naws_access_key_id=B\naws_secret_access_key=topsecret\n";
  clock.set(seconds(61));
  EXPECT_EQ(id(), "B");
  const int before = reads;
  clock.set(minutes(5));
  EXPECT_EQ(id(), "B");
  EXPECT_EQ(reads, before);
}

TEST_F(ProviderTest, a_change_is_seen_within_seconds) {
  const std::string file = "/home/u/.aws/credentials";
  disk_content[file] = "[default]\naws_access_key_id=A\naws_secret_access_key=topsecret\n";
  EXPECT_EQ(id(), "A");
  disk_content[file] = "[default]\naws_access_key_id=B\naws_secret_access_key=topsecret\n";
  clock.set(seconds(2));
  EXPECT_EQ(id(), "B");
}

TEST_F(ProviderTest, a_file_that_is_broken_now_keeps_the_old_keys) {
  const std::string file = "/home/u/.aws/credentials";
  disk_content[file] = "[default]\naws_access_key_id=A\naws_secret_access_key=topsecret\n";
  EXPECT_EQ(id(), "A");
  disk_content[file] = "[default]\naws_access_key_id=B\naws_secr";
  clock.set(seconds(2));
  EXPECT_EQ(id(), "A");
  EXPECT_THAT(lines, SizeIs(1));
  disk_content[file] = "[default]\naws_access_key_id=B\naws_secret_access_key=topsecret\n";
  clock.set(seconds(20));
  EXPECT_EQ(id(), "B");
}

class StaticTest : public ProviderTest {
 protected:
  Found find() { return static_credentials(options, environment, files().read); }
};

TEST_F(StaticTest, keys_come_in_the_order_of_the_chain) {
  EXPECT_EQ(find().error().code, Errc::not_found);
  disk_content["/home/u/.aws/config"] = "[default]\naws_access_key_id=CONFIG\naws_secret_access_key=s\n";
  EXPECT_EQ(find()->key.access_key_id, "CONFIG");
  disk_content["/home/u/.aws/credentials"] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  EXPECT_EQ(find()->key.access_key_id, "FILE");
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(find()->key.access_key_id, "ENV");
  options.access_key_id = "CONFIGURED";
  options.secret_access_key = "s";
  EXPECT_EQ(find()->key.access_key_id, "CONFIGURED");
  EXPECT_TRUE(http.calls.empty());
}

TEST_F(StaticTest, temporary_keys_and_roles_are_no_smtp_credentials) {
  environment["AWS_ACCESS_KEY_ID"] = "ASIA1";
  environment["AWS_SECRET_ACCESS_KEY"] = "topsecret";
  EXPECT_THAT(find().error().message, AllOf(HasSubstr("temporary keys"), Not(HasSubstr("topsecret"))));
  environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
  environment["AWS_SESSION_TOKEN"] = "topsecret";
  EXPECT_EQ(find().error().code, Errc::invalid);
  environment = {{"HOME", "/home/u"}};
  disk_content["/home/u/.aws/config"] = "[default]\nrole_arn=r\nsource_profile=s\n[profile s]\n";
  EXPECT_THAT(find().error().message, HasSubstr("a role has temporary keys"));
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/t";
  disk_content.clear();
  EXPECT_THAT(find().error().message, HasSubstr("web identity: a role"));
  environment.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  disk_content["/home/u/.aws/config"] = "[default]\ncredential_process=/bin/topsecret\n";
  EXPECT_THAT(find().error().message, AllOf(HasSubstr("credential_process"), Not(HasSubstr("topsecret"))));
  disk_content["/home/u/.aws/config"] = "[default]\nsso_session=x\n";
  EXPECT_THAT(find().error().message, HasSubstr("sso_session"));
}

class RegionTest : public StaticTest {
 protected:
  std::string region() {
    const auto found = resolve_region(options, environment, files().read);
    return found ? *found : found.error().message;
  }
};

TEST_F(RegionTest, comes_from_configuration_environment_or_profile) {
  EXPECT_THAT(region(), HasSubstr("no AWS region"));
  disk_content["/home/u/.aws/config"] = "[default]\nregion = profile-1\n";
  EXPECT_EQ(region(), "profile-1");
  environment["AWS_DEFAULT_REGION"] = "default-1";
  EXPECT_EQ(region(), "default-1");
  environment["AWS_REGION"] = "env-1";
  EXPECT_EQ(region(), "env-1");
  options.region = "configured-1";
  EXPECT_EQ(region(), "configured-1");
}

TEST(FilesOnDisk, reads_and_sees_changes) {
  const support::TempDir directory;
  const auto files = Files::on_disk();
  const std::string path = directory.file("f");
  EXPECT_EQ(files.read(path).error().code, Errc::not_found);
  EXPECT_EQ(files.stamp(path), "");
  std::ofstream(path) << "one";
  EXPECT_EQ(files.read(path).value(), "one");
  const auto before = files.stamp(path);
  EXPECT_NE(before, "");
  EXPECT_EQ(files.stamp(path), before);
  std::ofstream(path) << "longer";
  EXPECT_NE(files.stamp(path), before);
  EXPECT_FALSE(files.read(directory.path()));
  std::ofstream(path) << std::string(1024 * 1024 + 1, 'x');
  EXPECT_EQ(files.read(path).error().code, Errc::full);
}

}  // namespace
}  // namespace postern::aws
