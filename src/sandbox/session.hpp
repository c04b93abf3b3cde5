// One client: drives smtp::ServerProtocol with SES's words, limits and decisions. Loop thread only; writes
// the message to disk on the loop, which a server for more than a test would not do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "content.hpp"
#include "postern/smtp/server_protocol.hpp"
#include "service.hpp"

namespace postern::sandbox {

class Session {
 public:
  Session(std::shared_ptr<Connection> connection, Service& service);
  base::Task<void> run();

 private:
  struct Data {
    std::string bytes;
    bool too_long = false;  // the bytes were thrown away
  };
  base::Task<void> serve();
  base::Task<std::optional<smtp::Step>> next_step();
  base::Task<bool> skip_line();
  base::Task<bool> obey(const smtp::Step& step);  // false: the connection is over
  base::Task<bool> say(smtp::Reply reply);
  base::Task<bool> start_tls(const smtp::Step& step);
  base::Task<bool> take_message(const smtp::Step& step);
  base::Task<bool> receive(Data& data);

  smtp::Reply answer(const smtp::Step& step);
  smtp::Reply check_sender(const smtp::MailCommand& mail);
  smtp::Reply check_recipient(const smtp::RcptCommand& rcpt);
  smtp::Reply check_auth(const smtp::AuthCommand& auth);
  smtp::Reply judge(const Data& data);
  std::optional<smtp::Reply> failure_on_demand() const;
  smtp::Reply keep(Content content);
  std::vector<Outcome> outcomes(const std::string& configuration_set) const;
  void enter_list(const Record& record);

  std::shared_ptr<Connection> connection_;
  Service& service_;
  smtp::ServerProtocol protocol_;
  Envelope envelope_;
};

}  // namespace postern::sandbox
