// An upstream that lives in the test: a Dialer whose streams answer as an SMTP server, with replies that the
// test sets by command or by recipient. Keeps what it took. One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "postern/net/dialer.hpp"

namespace postern::delivery {

struct Taken {
  std::string from;
  std::vector<std::string> to;
  std::string content;
};

struct FakeUpstream final : net::Dialer {
  // What the test sets.
  base::Errc refuse_connection = base::Errc::io;  // io: connections are taken
  std::string ehlo = "250-fake\r\n250 8BITMIME\r\n";
  std::string mail_reply = "250 Ok\r\n";
  std::map<std::string, std::string> rcpt_replies;
  std::deque<std::string> final_replies;  // in order; then "250 Ok 0100-n"
  bool close_when_idle = false;           // a kept connection is found closed at its next MAIL

  // What it saw.
  int connections = 0;
  int transactions = 0;
  std::vector<Taken> taken;

  base::Task<base::Result<std::unique_ptr<net::Stream>>> connect(net::Target target,
                                                                 base::SteadyTime deadline) override;
};

}  // namespace postern::delivery
