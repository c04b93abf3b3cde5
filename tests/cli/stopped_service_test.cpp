// What the commands ask for while the service is stopped: its secrets and its work are not there.
#include "cli/program_fixture.hpp"

namespace postern::cli {
namespace {

using testing::HasSubstr;
using Arguments = std::vector<std::string>;
struct StoppedService : ProgramTest {};

// The secrets of a service that is stopped, or of an environment that only the service has.
TEST_F(StoppedService, commands_over_the_stores_need_no_secrets_and_keys) {
  std::ofstream(config) << "state_dir: " + state +
                               "\nadmin: {listen: \"\", socket: " + directory.file("admin.sock") +
                               "}\n"
                               "upstream: [{endpoint: \"127.0.0.1:2500\", tls: none, "
                               "username: \"${NO_SUCH_USER}\", password_file: /no/such/password}]\n"
                               "dkim: {keys: [{domain: example.com, selector: s1, "
                               "key_file: \"${NO_SUCH_DIRECTORY}/dkim\"}]}\n"
                               "aws: {access_key_id: A, secret_access_key_file: /no/such/key}\n";
  append("jane@example.net");
  for (const auto& arguments :
       {Arguments{"queue", "list"}, Arguments{"queue", "hold", "all"}, Arguments{"log"},
        Arguments{"suppression", "list"}, Arguments{"suppression", "check", "a@example.com"},
        Arguments{"suppression", "export"}}) {
    const auto got = postern(arguments);
    EXPECT_EQ(got.code, 0) << testing::PrintToString(arguments) << got.err;
  }
  EXPECT_EQ(postern({"health"}).code, 1);
  for (const std::string command : {"check", "doctor"}) {
    const auto got = postern({command});
    EXPECT_EQ(got.code, 78) << command;
    for (const std::string missing :
         {"NO_SUCH_USER", "/no/such/password", "NO_SUCH_DIRECTORY", "/no/such/key"})
      EXPECT_THAT(got.err, HasSubstr(missing)) << command;
  }
}

TEST_F(StoppedService, what_commands_over_the_stores_read_must_be_right) {
  std::ofstream(config) << "state_dir: \"${NO_SUCH_DIRECTORY}\"\n";
  const auto got = postern({"queue", "list"});
  EXPECT_EQ(got.code, 78);
  EXPECT_EQ(got.err, config +
                         ":1: state_dir: the environment variable NO_SUCH_DIRECTORY is not set; "
                         "${NO_SUCH_DIRECTORY:-default} gives a default\n");
}

TEST_F(StoppedService, what_only_the_daemon_does_is_69_while_there_is_none) {
  for (const auto& arguments :
       {Arguments{"suppression", "sync"}, Arguments{"suppression", "sync", "--force"},
        Arguments{"suppression", "sync", "--set-account-reasons"},
        Arguments{"suppression", "add", "a@example.com", "--reason", "BOUNCE", "--ses"},
        Arguments{"suppression", "remove", "a@example.com", "--ses"}}) {
    const auto got = postern(arguments);
    EXPECT_EQ(got.code, 69) << testing::PrintToString(arguments);
    EXPECT_EQ(got.err,
              "postern: the daemon is not running, and only it talks to SES: systemctl start postern, or "
              "postern serve\n")
        << testing::PrintToString(arguments);
  }
  EXPECT_EQ(postern({"suppression", "check", "a@example.com"}).code, 0);
}

}  // namespace
}  // namespace postern::cli
