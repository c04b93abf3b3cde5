// What the tests of the spool share: a spool in a temporary folder, messages, and their state in words.
#pragma once

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "postern/spool/spool.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::spool {

using std::chrono::seconds;

struct Fixture {
  support::TempDir directory;
  boost::asio::io_context loop;
  support::ManualClock clock;
  std::vector<std::string> lines;
  base::Log log{clock, [this](std::string_view line) { lines.emplace_back(line); }};
  base::Metrics metrics;
  std::unique_ptr<Spool> spool;
  base::WallTime now = clock.wall_now();

  base::Result<void> try_open() {
    spool.reset();
    auto opened = Spool::open({directory.path()}, loop.get_executor(), log, metrics);
    if (opened.has_error()) return opened.error();
    spool = std::move(opened.value());
    return {};
  }
  void open() { try_open().value(); }

  template <class T>
  T run(base::Task<T> task) {
    return support::run(loop, std::move(task));
  }

  std::shared_ptr<Message> message(const std::string& id, const std::string& stream = "app",
                                   int recipients = 1) const {
    auto m = std::make_shared<Message>();
    m->id = id;
    m->arrived = now;
    m->sender = "app@example.com";
    m->stream = stream;
    m->client = "127.0.0.1";
    m->content.header = "Subject: " + id + "\r\n";
    m->content.body = std::make_shared<const std::string>("body of " + id + "\r\n");
    m->content.body_size = m->content.body->size();
    for (int n = 0; n < recipients; ++n) {
      Recipient r;
      r.number = n;
      r.address = fmt::format("r{}@example.net", n);
      r.due = now;
      m->recipients.push_back(std::move(r));
    }
    return m;
  }

  base::Result<void> append(const std::shared_ptr<Message>& m) { return run(spool->append(m)); }
  void put(const std::string& id, const std::string& stream = "app", int recipients = 1) {
    append(message(id, stream, recipients)).value();
  }
  base::Result<void> settle(const std::string& id, Settlement s) {
    return run(spool->settle(id, std::vector<Settlement>{std::move(s)}));
  }

  std::vector<std::string> due_ids(std::size_t limit = 100, std::size_t per_stream = 100,
                                   std::set<std::string> skip = {}) {
    std::vector<std::string> ids;
    for (const auto& m : run(spool->due(now, limit, per_stream, std::move(skip))).value())
      ids.push_back(m->id);
    return ids;
  }

  // "0 queued +5s 1 attempts (451 later); 1 held: reason"; "" when there is no such message.
  std::string state(const std::string& id) {
    const auto loaded = run(spool->load(id));
    return loaded.has_error() ? "" : describe(*loaded.value());
  }
  std::string describe(const Message& m) const {
    std::string text;
    for (const auto& r : m.recipients) {
      if (!text.empty()) text += "; ";
      if (r.state == RecipientState::held) {
        text += fmt::format("{} held: {}", r.number, r.hold_reason);
      } else {
        text += fmt::format("{} queued {:+}s", r.number,
                            std::chrono::duration_cast<seconds>(r.due - now).count());
      }
      if (r.attempts > 0) text += fmt::format(" attempts {}", r.attempts);
      if (!r.last_reply.empty()) text += " (" + r.last_reply + ")";
    }
    return text;
  }
};

inline Settlement done(int number = 0) {
  Settlement s;
  s.number = number;
  return s;
}

inline Settlement retry(int number, base::WallTime due, std::string reply = "451 later") {
  Settlement s;
  s.number = number;
  s.kind = Settlement::Kind::retry;
  s.due = due;
  s.reply = std::move(reply);
  return s;
}

inline Settlement hold(int number, std::string reason) {
  Settlement s;
  s.number = number;
  s.kind = Settlement::Kind::hold;
  s.hold_reason = std::move(reason);
  return s;
}

}  // namespace postern::spool
