// The commands while no daemon runs.
#include <sys/stat.h>
#include <unistd.h>

#include "cli/program_fixture.hpp"
#include "postern/app/state_lock.hpp"
#include "postern/ledger/ledger.hpp"

namespace postern::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ProgramTest, wrong_usage_is_64_and_says_why_on_stderr) {
  using Arguments = std::vector<std::string>;
  for (const auto& arguments :
       {Arguments{}, Arguments{"fly"}, Arguments{"queue"}, Arguments{"queue", "fly"},
        Arguments{"queue", "hold"}, Arguments{"queue", "list", "--xml"}, Arguments{"suppression", "check"},
        Arguments{"suppression", "add", "a@example.com", "--reason", "SPAM"},
        Arguments{"log", "--limit", "0"}, Arguments{"queue", "list", "-c"}}) {
    const auto got = run_bare(arguments);
    EXPECT_EQ(got.code, 64) << testing::PrintToString(arguments);
    EXPECT_FALSE(got.err.empty()) << testing::PrintToString(arguments);
    EXPECT_TRUE(got.out.empty()) << testing::PrintToString(arguments);
  }
}

TEST_F(ProgramTest, help_and_version_go_to_stdout) {
  const auto version = run_bare({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, std::string("postern ") + POSTERN_VERSION + "\n");
  const auto help = run_bare({"queue", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("release"));
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
}

TEST_F(ProgramTest, c_is_taken_before_and_after_a_command) {
  EXPECT_EQ(run_bare({"-c", config, "queue", "list"}).code, 0);
  EXPECT_EQ(run_bare({"queue", "-c", config, "list"}).code, 0);
  EXPECT_EQ(run_bare({"queue", "list", "-c", config}).code, 0);
  EXPECT_EQ(run_bare({"suppression", "check", "a@example.com", "-c", config}).code, 0);
}

TEST_F(ProgramTest, a_configuration_that_is_not_there_or_wrong_is_78) {
  const auto missing = run_bare({"queue", "list", "-c", directory.file("none.yaml")});
  EXPECT_EQ(missing.code, 78);
  EXPECT_THAT(missing.err, StartsWith(directory.file("none.yaml") + ":1: "));
  write("bad.yaml", "hostnam: x\nupstream: [{endpoint: \"127.0.0.1:2500\", tls: none}]\n");
  const auto wrong = run_bare({"check", "-c", directory.file("bad.yaml")});
  EXPECT_EQ(wrong.code, 78);
  EXPECT_THAT(wrong.err, StartsWith(directory.file("bad.yaml") + ":1: hostnam: "));
}

TEST_F(ProgramTest, check_says_nothing_about_a_good_file) {
  const auto got = postern({"check"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out + got.err, "");
}

TEST_F(ProgramTest, an_smtp_password_is_made_for_a_region_only) {
  for (const std::string region :
       {"nonsense", "", "EU-WEST-1", "eu-west", "eu-west-1a", "email-smtp.eu-west-1.amazonaws.com"}) {
    const auto got = run_bare({"smtp-password", "--region", region});
    EXPECT_EQ(got.code, 64) << region;
    EXPECT_THAT(got.err, HasSubstr("eu-west-1")) << region;
    EXPECT_EQ(got.out, "") << region;
  }
}

TEST_F(ProgramTest, an_empty_queue_is_said_to_be_empty) {
  const auto got = postern({"queue", "list"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, StartsWith("Mail queue is empty\n"));
  EXPECT_EQ(postern({"queue", "list", "--json"}).out, "");
}

TEST_F(ProgramTest, queue_list_reads_like_mailq) {
  const std::string id = append("jane@example.net");
  const auto got = postern({"queue", "list"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr(id));
  EXPECT_THAT(got.out, HasSubstr("app@example.com\n"));
  EXPECT_THAT(got.out, HasSubstr(" jane@example.net\n"));
  EXPECT_THAT(got.out, HasSubstr("\n-- 1 KiB in 1 request.\n"));
  EXPECT_THAT(got.out, HasSubstr("Delivery is paused: the daemon is not running\n"));
  const auto json = postern({"queue", "list", "--json"});
  EXPECT_THAT(json.out, StartsWith("{\"queue_name\":\"deferred\",\"queue_id\":\"" + id + "\""));
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 1);
}

TEST_F(ProgramTest, queue_show_prints_envelope_and_message) {
  const std::string id = append("jane@example.net");
  const auto got = postern({"queue", "show", id});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("sender: app@example.com\n"));
  EXPECT_THAT(got.out, HasSubstr("recipient: jane@example.net queued attempts=0"));
  EXPECT_THAT(got.out, HasSubstr("\nSubject: hello\r\n\r\nthe body\r\n"));
}

TEST_F(ProgramTest, queue_show_prints_a_body_that_lies_in_a_file) {
  const std::string id = append("jane@example.net", 300'000);
  const auto got = postern({"queue", "show", id});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("Subject: hello\r\n\r\nxxx"));
  EXPECT_GT(got.out.size(), 300'000u);
}

TEST_F(ProgramTest, hold_release_flush_and_delete_change_the_queue) {
  const std::string id = append("jane@example.net");
  EXPECT_EQ(postern({"queue", "hold", id}).out, "on hold: 1 message\n");
  EXPECT_THAT(postern({"queue", "list"}).out, HasSubstr(id + "!"));
  EXPECT_EQ(postern({"queue", "release", "all"}).out, "released: 1 message\n");
  EXPECT_EQ(postern({"queue", "flush"}).code, 0);
  EXPECT_EQ(postern({"queue", "flush", id}).code, 0);
  EXPECT_EQ(postern({"queue", "delete", id}).out, "deleted: 1 message\n");
  EXPECT_THAT(postern({"queue", "list"}).out, StartsWith("Mail queue is empty\n"));
}

TEST_F(ProgramTest, an_unknown_id_is_1) {
  for (const std::string command : {"show", "flush", "hold", "release", "delete"}) {
    const auto got = postern({"queue", command, "1J0000000000000A"});
    EXPECT_EQ(got.code, 1) << command;
    EXPECT_THAT(got.err, StartsWith("postern: ")) << command;
  }
}

TEST_F(ProgramTest, suppression_check_answers_by_its_exit_code) {
  EXPECT_EQ(postern({"suppression", "check", "jane@example.com"}).code, 0);
  EXPECT_EQ(postern({"suppression", "add", "Jane@Example.com", "--reason", "bounce"}).code, 0);
  const auto listed = postern({"suppression", "check", "jane@EXAMPLE.com"});
  EXPECT_EQ(listed.code, 1);
  EXPECT_THAT(listed.out, StartsWith("jane@EXAMPLE.com: suppressed: BOUNCE since 2"));
  EXPECT_EQ(postern({"suppression", "remove", "jane@example.com"}).code, 0);
  EXPECT_EQ(postern({"suppression", "remove", "jane@example.com"}).code, 1);
  EXPECT_EQ(postern({"suppression", "check", "jane@example.com"}).code, 0);
  EXPECT_EQ(postern({"suppression", "check", "jane"}).code, 64);
}

TEST_F(ProgramTest, suppression_check_follows_the_reasons_of_the_configuration) {
  EXPECT_EQ(postern({"suppression", "add", "a@example.com", "--reason", "COMPLAINT"}).code, 0);
  EXPECT_EQ(postern({"suppression", "add", "b@example.com"}).code, 0);
  std::ofstream(config, std::ios::app) << "suppression: {reasons: [BOUNCE]}\n";
  const auto complaint = postern({"suppression", "check", "a@example.com"});
  EXPECT_EQ(complaint.code, 0);
  EXPECT_THAT(complaint.out, HasSubstr("does not count by suppression.reasons"));
  EXPECT_EQ(postern({"suppression", "check", "b@example.com"}).code, 1);
}

TEST_F(ProgramTest, what_is_exported_can_be_imported) {
  std::string text = "address,reason,since\n";
  for (int i = 0; i < 4500; ++i)
    text += "user" + std::to_string(i) + "@example.com,BOUNCE,2026-09-20T10:15:30Z\n";
  write("list.csv", text);
  const auto imported = postern({"suppression", "import", directory.file("list.csv")});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(imported.out, "4500 entries imported, 4500 of them new, 0 lines not understood\n");
  const auto exported = postern({"suppression", "export"});
  EXPECT_EQ(std::count(exported.out.begin(), exported.out.end(), '\n'), 4501);
  EXPECT_THAT(exported.out,
              StartsWith("address,reason,since\nuser0@example.com,BOUNCE,2026-09-20T10:15:30.000Z\n"));
  write("again.csv", exported.out);
  EXPECT_EQ(postern({"suppression", "import", directory.file("again.csv")}).out,
            "4500 entries imported, 0 of them new, 0 lines not understood\n");
  EXPECT_EQ(std::count_if(exported.out.begin(), exported.out.end(), [](char c) { return c == '@'; }), 4500);
}

TEST_F(ProgramTest, import_names_the_lines_it_does_not_understand_and_takes_the_others) {
  write("list.csv", "a@example.com\nnonsense\n");
  const auto got = postern({"suppression", "import", directory.file("list.csv")});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, StartsWith(directory.file("list.csv") + ":2: "));
  EXPECT_EQ(postern({"suppression", "check", "a@example.com"}).code, 1);
  EXPECT_EQ(postern({"suppression", "import", directory.file("none")}).code, 64);
}

TEST_F(ProgramTest, suppression_list_shows_reason_time_and_source) {
  postern({"suppression", "add", "a@example.com", "--reason", "COMPLAINT"});
  EXPECT_THAT(postern({"suppression", "list"}).out, HasSubstr("COMPLAINT since 2"));
  EXPECT_THAT(postern({"suppression", "list"}).out, HasSubstr("(manual)\n"));
  EXPECT_THAT(postern({"suppression", "list", "--json"}).out, StartsWith("{\"address\":\"a@example.com\""));
}

TEST_F(ProgramTest, log_shows_attempts_in_the_order_of_time) {
  ledger::Row row;
  {
    support::Books books;
    auto ledger = std::move(
        ledger::Ledger::open(state, books.loop.get_executor(), books.disk, books.writer, books.log).value());
    row.arrived = clock.wall_now() - std::chrono::minutes(2);
    row.id = base::make_id(row.arrived, random);
    row.attempt = 1;
    row.time = row.arrived + std::chrono::milliseconds(1500);
    row.from = "app@example.com";
    row.to = "jane@example.net";
    row.relay = "ses[192.0.2.1]:587";
    row.dsn = "4.3.0";
    row.status = ledger::Status::deferred;
    row.reply = "454 Throttling failure";
    auto sent = row;
    sent.attempt = 2;
    sent.time += std::chrono::minutes(1);
    sent.status = ledger::Status::sent;
    sent.ses_id = "0100-x";
    ASSERT_TRUE(books.wait(ledger->record_and_wait({sent, row})).has_value());
    ledger.reset();
    books.writer.join();
  }
  const auto got = postern({"log", "--to", "JANE@example.net", "--since", "24h"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr(" " + row.id +
                                 " from=<app@example.com> to=<jane@example.net> relay=ses[192.0.2.1]:587 "
                                 "delay=1.5 dsn=4.3.0 status=deferred reply=\"454 Throttling failure\"\n"));
  EXPECT_LT(got.out.find("status=deferred"), got.out.find("status=sent"));
  EXPECT_EQ(postern({"log", "--id", row.id, "--json"}).out.front(), '{');
  EXPECT_EQ(postern({"log", "--since", "1m"}).out.find("deferred"), std::string::npos);
  EXPECT_EQ(postern({"log", "--from", "nobody@example.com"}).out, "");
  EXPECT_EQ(postern({"log", "--since", "soon"}).code, 64);
  const auto limited = postern({"log", "--limit", "1"});
  EXPECT_THAT(limited.out, HasSubstr("status=sent"));
  EXPECT_THAT(limited.err, HasSubstr("only the newest 1"));
}

TEST_F(ProgramTest, a_daemon_that_holds_the_lock_but_does_not_answer_is_69) {
  const auto lock = app::StateLock::take(state);
  ASSERT_TRUE(lock.has_value());
  const auto got = postern({"queue", "list"});
  EXPECT_EQ(got.code, 69);
  EXPECT_THAT(got.err, HasSubstr("in use by another postern (process " + std::to_string(getpid()) + ")"));
}

TEST_F(ProgramTest, without_a_state_directory_a_command_is_69_and_makes_none) {
  std::filesystem::remove_all(state);
  const auto got = postern({"queue", "list"});
  EXPECT_EQ(got.code, 69);
  EXPECT_THAT(got.err, HasSubstr(state));
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(ProgramTest, what_root_creates_in_the_state_directory_belongs_to_its_owner) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(chown(directory.path().c_str(), nobody, nobody), 0);
  ASSERT_EQ(chown(state.c_str(), nobody, nobody), 0);
  const auto got = postern({"queue", "list"});
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_EQ(setegid(0), 0);
  EXPECT_EQ(got.code, 0) << got.err;
  for (const std::string name : {"lock", "spool.db", "suppression.db", "ledger.db", "bodies"}) {
    struct stat info {};
    ASSERT_EQ(stat((state + "/" + name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_uid, nobody) << name;
    EXPECT_EQ(info.st_gid, nobody) << name;
  }
}

TEST_F(ProgramTest, a_corrupt_list_is_70_and_says_where_it_was_put) {
  std::ofstream(state + "/suppression.db") << std::string(8192, 'x');
  const auto got = postern({"suppression", "list"});
  EXPECT_EQ(got.code, 70);
  EXPECT_THAT(got.err, HasSubstr("suppression.db.corrupt-"));
}

TEST_F(ProgramTest, health_is_1_when_nobody_answers) {
  const auto got = postern({"health"});
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.err, StartsWith("postern: "));
}

TEST_F(ProgramTest, the_completion_script_knows_the_commands_and_their_options) {
  const auto got = run_bare({"completion", "bash"});
  EXPECT_EQ(got.code, 0);
  EXPECT_THAT(got.out, HasSubstr("    'queue') words='list show flush hold release delete"));
  EXPECT_THAT(got.out, HasSubstr("    'log') words='"));
  EXPECT_THAT(got.out, HasSubstr("--since"));
  EXPECT_THAT(got.out, HasSubstr("complete -o default -F _postern postern\n"));
}

TEST_F(ProgramTest, each_shell_has_a_completion_script_with_what_each_command_does) {
  const auto zsh = run_bare({"completion", "zsh"});
  EXPECT_EQ(zsh.code, 0);
  EXPECT_THAT(zsh.out, StartsWith("#compdef postern\n"));
  EXPECT_THAT(zsh.out, HasSubstr("'flush:Try messages now instead of at their next due time'"));
  const auto fish = run_bare({"completion", "fish"});
  EXPECT_EQ(fish.code, 0);
  EXPECT_THAT(fish.out, HasSubstr(" -a flush -d 'Try messages now instead of at their next due time'\n"));
  EXPECT_THAT(fish.out, HasSubstr("-l since "));
  EXPECT_EQ(run_bare({"completion", "tcsh"}).code, 64);
}

}  // namespace
}  // namespace postern::cli
