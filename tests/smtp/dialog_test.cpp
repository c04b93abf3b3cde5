// Plays a dialogue file against ServerProtocol with a driver that decides by the look of an address.
//
//   # comment
//   option NAME [VALUE]     before the first line said: see set_option()
//   C: ...                  the client says a line; \t \r \0 \xNN \\ as in C. Within DATA it is a body line
//   S: ...                  the server says exactly this line, or at least this when it ends in "..."
//   == TLS                  the hand-shake that the server agreed to takes place
//   == too long             the client sent a line that the driver threw away
//   == closed               the server has closed the connection
//
// Senders refused@ and recipients unknown@ are refused; user "user" with password "pass" may AUTH, for user
// "down" the credentials cannot be looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "postern/mail/address.hpp"
#include "postern/smtp/server_protocol.hpp"

namespace postern::smtp {
namespace {

// The part of intake/session without the I/O.
class Driver {
 public:
  explicit Driver(const ServerOptions& options) : protocol_(options) { send(protocol_.greeting()); }

  void client(const std::string& line) {
    if (closed_) throw std::runtime_error("the connection is closed");
    if (shaking_hands_) throw std::runtime_error("the server waits for a TLS hand-shake");
    if (in_body_) return body(line);
    obey(protocol_.line(line));
  }
  void too_long() { obey(protocol_.line_too_long()); }
  void tls() {
    if (!shaking_hands_) throw std::runtime_error("the server expects no TLS hand-shake");
    shaking_hands_ = false;
    protocol_.tls_started();
  }
  std::deque<std::string>& said() { return said_; }
  bool closed() const { return closed_; }

 private:
  void body(const std::string& line) {
    if (line != ".") return;
    in_body_ = false;
    protocol_.body_done();
    send(Reply(250, "2.0.0", "Ok: queued as 1"));
  }
  void obey(const Step& step) {
    switch (step.action) {
      case Action::reply:
        return send(step.reply);
      case Action::reply_and_close:
        send(step.reply);
        closed_ = true;
        return;
      case Action::check_sender:
        return send(protocol_.sender_checked(verdict(step.mail.path, "refused", Reply(550, "5.7.1", "No"))));
      case Action::check_recipient:
        return send(
            protocol_.recipient_checked(verdict(step.rcpt.path, "unknown", Reply(550, "5.1.1", "Who?"))));
      case Action::check_auth:
        return send(auth(step.auth));
      case Action::read_body:
        in_body_ = true;
        return send(step.reply);
      case Action::start_tls:
        shaking_hands_ = true;
        return send(step.reply);
    }
  }
  Reply auth(const AuthCommand& command) {
    if (command.user == "down") return protocol_.auth_unavailable();
    return protocol_.auth_checked(command.user == "user" && command.password == "pass");
  }
  static Reply verdict(const std::string& path, std::string_view bad, const Reply& refusal) {
    Reply accepted;
    accepted.code = 250;
    return mail::local_part(path) == bad ? refusal : accepted;
  }
  void send(const Reply& reply) {
    if (reply.code == 421) closed_ = true;
    std::string bytes = render(reply);
    for (std::size_t end = 0; (end = bytes.find("\r\n")) != std::string::npos; bytes.erase(0, end + 2))
      said_.push_back(bytes.substr(0, end));
  }

  ServerProtocol protocol_;
  std::deque<std::string> said_;
  bool in_body_ = false, shaking_hands_ = false, closed_ = false;
};

void set_option(ServerOptions& options, const std::string& name, const std::string& value) {
  const auto number = [&value] { return std::stoul(value); };
  if (name == "starttls") options.offer_starttls = true;
  if (name == "require_tls") options.require_tls = true;
  if (name == "auth") options.offer_auth = true;
  if (name == "auth_after_tls") options.offer_auth_after_tls = true;
  if (name == "require_auth") options.require_auth = true;
  if (name == "max_size") options.max_size = number();
  if (name == "max_recipients") options.max_recipients = number();
  if (name == "max_errors") options.max_errors = static_cast<int>(number());
  if (name == "max_commands") options.max_commands_without_mail = static_cast<int>(number());
  if (name == "bare") options.pipelining = options.size_keyword = options.enhanced_codes = false;
  if (name == "ehlo_line") options.ehlo_lines.push_back(value);
}

std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    unsigned value = 0;
    if (c == 'x') {
      std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      i += 2;
    }
    out += c == 'x' ? static_cast<char>(value) : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c;
  }
  return out;
}

bool matches(const std::string& expected, const std::string& said) {
  if (expected.ends_with("..."))
    return said.starts_with(std::string_view(expected).substr(0, expected.size() - 3));
  return said == expected;
}

class Player {
 public:
  void line(const std::string& line) {
    if (line.starts_with("option ")) return option(line.substr(7));
    if (!driver_) driver_ = std::make_unique<Driver>(options_);
    if (line.starts_with("S: ")) return server(line.substr(3));
    silent();
    if (line.starts_with("C: ") || line == "C:")
      return driver_->client(unescape(line.substr(std::min<std::size_t>(3, line.size()))));
    if (line == "== TLS") return driver_->tls();
    if (line == "== too long") return driver_->too_long();
    if (line != "== closed") throw std::runtime_error("not a line of a dialogue");
    if (!driver_->closed()) throw std::runtime_error("the connection is still open");
  }
  void silent() {
    if (!driver_->said().empty())
      throw std::runtime_error("the server also said: " + driver_->said().front());
  }

 private:
  void option(const std::string& words) {
    const auto blank = words.find(' ');
    set_option(options_, words.substr(0, blank), blank == std::string::npos ? "" : words.substr(blank + 1));
  }
  void server(const std::string& expected) {
    if (driver_->said().empty()) throw std::runtime_error("the server said nothing");
    const auto said = driver_->said().front();
    driver_->said().pop_front();
    if (!matches(expected, said)) throw std::runtime_error("the server said: " + said);
  }

  ServerOptions options_ = [] {
    ServerOptions options;
    options.hostname = "mail.example.com";
    return options;
  }();
  std::unique_ptr<Driver> driver_;
};

// Empty when the file plays as written, else what is wrong, with its line.
std::string play_dialog(const std::string& file) {
  std::ifstream in(file);
  if (!in) return file + ": cannot be read";
  Player player;
  std::string line, where;
  int number = 0;
  try {
    while (std::getline(in, line)) {
      where = file + ":" + std::to_string(++number) + ": " + line;
      if (!line.empty() && line.front() != '#') player.line(line);
    }
    player.silent();
  } catch (const std::exception& problem) {
    return where + "\n  " + problem.what();
  }
  return number > 0 ? std::string() : file + ": empty";
}

}  // namespace

class Dialog : public testing::TestWithParam<std::string> {};

TEST_P(Dialog, plays_as_written) {
  EXPECT_EQ(play_dialog(std::string(POSTERN_SOURCE_DIR "/tests/dialogs/") + GetParam() + ".dialog"), "");
}

std::vector<std::string> dialogs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/tests/dialogs"))
    if (entry.path().extension() == ".dialog") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Dialog, testing::ValuesIn(dialogs()),
                         [](const auto& param_info) { return param_info.param; });

}  // namespace postern::smtp
