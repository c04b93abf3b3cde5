// One SMTP session, from greeting to close. The session reads like the protocol: a line, a step, an act, a
// reply. Replies gather in one buffer and leave when the client has nothing more in the pipeline (RFC
// 2920 3.2). Local of the coroutine that runs it; loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "body_reader.hpp"
#include "clients.hpp"
#include "metrics.hpp"
#include "postern/intake/intake.hpp"
#include "postern/mail/header_block.hpp"
#include "postern/net/buffered.hpp"
#include "postern/smtp/server_protocol.hpp"

namespace postern::intake {

class Session {
 public:
  Session(std::unique_ptr<net::Stream> stream, Dependencies& dependencies, Clients& clients,
          IntakeMetrics& metrics);

  base::Task<void> run();
  bool waiting() const { return waiting_; }  // for a command: nothing is lost when it ends now
  void stop() { stopping_ = true; }          // ends it after the transaction in hand

 private:
  struct Transaction {
    std::string id;
    std::string sender;
    std::vector<spool::Recipient> recipients;
    struct Dropped {
      std::string address, detail;
    };
    std::vector<Dropped> dropped;
    std::string alignment;  // what was found, where it was known in time
  };

  base::Task<bool> read_line(std::string& line);  // false: the session is over
  base::Task<void> skip_line();
  base::Task<void> fill();
  base::Task<void> act(smtp::Step step);
  base::Task<void> check_sender(smtp::MailCommand mail);
  smtp::Reply sender_verdict(const smtp::MailCommand& mail, std::string& sender);
  base::Task<void> check_recipient(std::string path);
  void add_recipient(policy::Verdict verdict);
  base::Task<void> receive();
  base::Task<smtp::Reply> accept(Body body);
  base::Task<policy::Verdict> check_message(mail::HeaderBlock& header);
  base::Task<smtp::Reply> store(Body body, std::string header);
  spool::MessagePtr make_message(Body& body, std::string header);
  void note_dropped();
  void note_accepted(const spool::Message& message);
  void note_refused(const smtp::Reply& reply, std::string_view detail);
  std::string client_name() const;
  std::string stream_name() const;
  mail::Trace trace() const;
  bool room_on_disk(std::uint64_t announced) const;

  void queue(const smtp::Reply& reply);
  base::Task<void> answer(smtp::Reply reply);
  base::Task<bool> flush();
  base::Task<void> say_and_close(smtp::Reply reply);
  void set_deadline(base::Duration allowed);

  std::unique_ptr<net::Stream> stream_;
  Dependencies& deps_;
  Clients& clients_;
  IntakeMetrics& metrics_;
  std::shared_ptr<const Settings> settings_;  // the snapshot of this session, from start to end
  net::BufferedReader reader_;
  smtp::ServerProtocol protocol_;
  std::optional<Transaction> transaction_;
  std::string out_;
  bool open_ = true;
  bool waiting_ = false;
  bool stopping_ = false;
};

}  // namespace postern::intake
