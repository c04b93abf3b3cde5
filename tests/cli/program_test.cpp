// The commands while no daemon runs: arguments in, text and exit code out, over a state directory.
#include "cli/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "postern/app/state_lock.hpp"
#include "postern/base/random.hpp"
#include "postern/ledger/ledger.hpp"
#include "postern/spool/spool.hpp"
#include "support/books.hpp"

namespace postern::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int code;
  std::string out, err;
};

struct ProgramTest : testing::Test {
  support::TempDir directory;
  std::string config = directory.file("postern.yaml");
  std::string state = directory.file("state");
  base::SystemClock clock;
  base::SystemRandom random;

  ProgramTest() {
    std::filesystem::create_directory(state);
    write("postern.yaml", "hostname: mail.example.com\nstate_dir: " + state +
                              "\nadmin: {listen: \"\", socket: " + directory.file("admin.sock") +
                              "}\nupstream: [{endpoint: \"127.0.0.1:2500\", tls: none}]\n");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory.file(name), std::ios::binary) << text;
  }
  Outcome run_bare(std::vector<std::string> arguments) const {
    std::ostringstream out, err;
    const int code = run(std::move(arguments), out, err);
    return {code, out.str(), err.str()};
  }
  Outcome postern(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-c", config});
    return run_bare(std::move(arguments));
  }
  // Puts a message into the spool as the daemon would have.
  std::string append(const std::string& recipient, std::uint64_t file_size = 0) {
    support::Books books;
    auto spool =
        std::move(spool::Spool::open({state}, books.loop.get_executor(), books.log, books.metrics).value());
    auto m = std::make_shared<spool::Message>();
    m->arrived = clock.wall_now();
    m->id = base::make_id(m->arrived, random);
    m->sender = "app@example.com";
    m->client = m->stream = "127.0.0.1";
    m->content.header = "Subject: hello\r\n";
    m->content.body_size = file_size;
    if (file_size == 0) {
      m->content.body = std::make_shared<const std::string>("the body\r\n");
      m->content.body_size = m->content.body->size();
    } else {
      m->content.body_file = spool->new_body_path(m->id);
      std::ofstream(m->content.body_file, std::ios::binary) << std::string(file_size, 'x');
    }
    spool::Recipient r;
    r.address = recipient;
    r.due = m->arrived;
    m->recipients.push_back(r);
    EXPECT_TRUE(books.wait(spool->append(m)).has_value());
    spool->close();
    return m->id;
  }
};

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

}  // namespace
}  // namespace postern::cli
