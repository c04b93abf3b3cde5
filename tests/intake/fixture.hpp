// Intake with real stores in a directory of its own, clients that are scripts, and a clock that stands still.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "postern/intake/intake.hpp"
#include "support/books.hpp"
#include "support/fake_listener.hpp"
#include "support/scripted_stream.hpp"

namespace postern::intake {

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() {
    auto settings = std::make_shared<policy::Settings>();
    settings->networks = {net::Network::parse("127.0.0.0/8").value(),
                          net::Network::parse("192.0.2.0/24").value()};
    settings->suppression_reasons = {"BOUNCE", "COMPLAINT"};
    policy = settings;
    wanted.hostname = wanted.fixups.hostname = "mail.example.com";
    wanted.policy = policy;
    intake.serve(listener);
    settle();
  }
  ~IntakeTest() override {
    on_loop([this] {
      intake.stop_accepting();
      intake.abort();
    });
    run_until([this] { return intake.busy().empty(); });
    spool->close();
    books.writer.join();
    settle();
  }

  support::Script& connect(const std::string& address = "127.0.0.1") {
    auto& client = clients.emplace_back(books.loop.get_executor(), books.clock);
    client.peer.address = net::IpAddress::parse(address).value();
    offer(client);
    return client;
  }
  void offer(support::Script& client) {
    listener->offer(client.stream());
    run_until([&client] { return answered(client, 0); });
  }
  // What the server answers to a line, or to whole content.
  std::string say(support::Script& client, const std::string& text) {
    const auto before = client.written().size();
    client.reply(text + "\r\n");
    run_until([&client, before] { return answered(client, before); });
    return client.written().substr(before);
  }
  // EHLO, MAIL and RCPT for each of them; gives the answer to the last.
  std::string begin_mail(support::Script& client,
                         const std::vector<std::string>& recipients = {"b@example.net"}) {
    say(client, "EHLO app.example.com");
    std::string answer = say(client, "MAIL FROM:<a@example.com>");
    for (const auto& to : recipients) answer = say(client, "RCPT TO:<" + to + ">");
    return answer;
  }
  std::string send(support::Script& client, const std::string& content = mail) {
    const auto answer = say(client, "DATA");
    if (!answer.starts_with("354")) return answer;
    return say(client, content + "\r\n.");
  }
  static std::vector<std::string> ids_in(const std::string& replies) {
    static const std::string words = "queued as ";
    std::vector<std::string> ids;
    for (auto at = replies.find(words); at != std::string::npos; at = replies.find(words, at + 1)) {
      ids.push_back(replies.substr(at + words.size(), 16));
    }
    return ids;
  }
  spool::MessagePtr stored(const std::string& replies) {
    const auto ids = ids_in(replies);
    auto message =
        ids.empty() ? base::fail(base::Errc::not_found, replies) : books.wait(spool->load(ids.front()));
    return message ? *message : nullptr;
  }
  // Waits for this many rows: the ledger is written behind the reply.
  std::vector<ledger::Row> ledger_rows(std::size_t count) {
    std::vector<ledger::Row> rows;
    run_until([&] {
      rows = books.wait(ledger->search({})).value();
      return rows.size() >= count;
    });
    return rows;
  }
  void suppress(const std::string& address) {
    const suppression::Entry entry{address, "BOUNCE", "ses account list", books.clock.wall_now()};
    ASSERT_TRUE(books.wait(list->add(entry)));
  }
  void set_policy(const policy::Settings& settings) {
    wanted.policy = std::make_shared<policy::Settings>(settings);
  }

  template <class Work>
  void on_loop(Work work) {
    boost::asio::post(books.loop, std::move(work));
    settle();
  }
  void settle() { advance(base::Duration(0)); }
  void advance(base::Duration time) { support::advance(books.loop, books.clock, time); }
  template <class Done>
  bool run_until(Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      books.loop.restart();
      books.loop.run_one_for(std::chrono::milliseconds(5));
    }
    return done();
  }

  static constexpr const char* mail = "From: <a@example.com>\r\nSubject: hello\r\n\r\nHello there\r\n..dots";

  support::Books books;
  base::Budget memory{64 * 1024 * 1024};
  base::SeededRandom random{1};
  std::shared_ptr<const policy::Settings> policy;
  Settings wanted;
  std::uint64_t free_disk = 1ULL << 40;
  policy::MessageGate* message_gate = nullptr;

  std::unique_ptr<spool::Spool> spool = std::move(
      spool::Spool::open({books.directory.path()}, books.loop.get_executor(), books.log, books.metrics)
          .value());
  std::unique_ptr<suppression::List> list =
      std::move(suppression::List::open(books.directory.path(), books.loop.get_executor(), books.disk,
                                        books.writer, books.log, books.metrics)
                    .value());
  std::unique_ptr<ledger::Ledger> ledger =
      std::move(ledger::Ledger::open(books.directory.path(), books.loop.get_executor(), books.disk,
                                     books.writer, books.log)
                    .value());
  policy::Gate gate{*list, books.clock, books.metrics};
  std::shared_ptr<support::FakeListener> listener =
      std::make_shared<support::FakeListener>(books.loop.get_executor(), books.clock);
  std::list<support::Script> clients;
  Intake intake{Dependencies{books.loop.get_executor(), books.clock, random, books.log, books.metrics,
                             books.disk, memory, gate, message_gate, *spool, *ledger,
                             [this] { return std::make_shared<Settings>(wanted); },
                             [this] { return free_disk; }}};

 private:
  // A whole reply has come since, or the server has closed.
  static bool answered(const support::Script& client, std::size_t since) {
    const std::string fresh = client.written().substr(since);
    if (client.closed()) return true;
    if (!fresh.ends_with("\r\n")) return false;
    const auto before_last = fresh.rfind("\r\n", fresh.size() - 3);
    const auto last = before_last == std::string::npos ? 0 : before_last + 2;
    return fresh.size() > last + 3 && fresh[last + 3] == ' ';
  }
};

}  // namespace postern::intake
