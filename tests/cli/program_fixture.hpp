// `postern` called as from a shell: arguments in, text and exit code out, over a state directory of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/program.hpp"
#include "postern/base/random.hpp"
#include "postern/spool/spool.hpp"
#include "support/books.hpp"

namespace postern::cli {

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

}  // namespace postern::cli
