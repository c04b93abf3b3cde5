#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "postern/smtp/client_protocol.hpp"
#include "text.hpp"

namespace postern::smtp {
namespace {

// SES says so on its own, ten seconds after the last command; it is read as the answer to the next one.
bool is_timeout_notice(const Reply& reply) {
  if (reply.code != 451) return false;
  return reply.enhanced == "4.4.2" || reply.text().find("Timeout waiting for data") != std::string::npos;
}

bool ends_connection(const Reply& reply) {
  return reply.code == 421 || is_timeout_notice(reply);
}

bool accepts(const Reply& reply) {
  return reply.code / 100 == 2;
}

void check_address(std::string_view address) {
  const auto bad = [](char c) { return is_control(c) || c == '<' || c == '>'; };
  const bool quoted = address.find('"') != std::string_view::npos;  // may hold brackets
  if (quoted ? std::any_of(address.begin(), address.end(), is_control)
             : std::any_of(address.begin(), address.end(), bad))
    throw std::invalid_argument("smtp: address with a control character or a bracket");
}

void append_size(std::string& out, std::uint64_t size) {
  char digits[24];
  out.append(" SIZE=").append(std::begin(digits),
                              std::to_chars(std::begin(digits), std::end(digits), size).ptr);
}

}  // namespace

ClientTransactionProtocol::ClientTransactionProtocol(ClientTransaction transaction,
                                                     const ClientCapabilities& capabilities)
    : transaction_(std::move(transaction)), capabilities_(capabilities) {
  if (transaction_.recipients.empty()) throw std::invalid_argument("smtp: transaction without recipients");
  check_address(transaction_.sender);
  for (const auto& recipient : transaction_.recipients) check_address(recipient);
  result_.recipients.resize(transaction_.recipients.size());
}

ClientTransactionProtocol::Action ClientTransactionProtocol::next(std::string& bytes) {
  bytes.clear();
  if (phase_ == Phase::over || !usable_) return Action::done;
  if (phase_ == Phase::body) return Action::send_body;
  if (waiting_) return Action::read_reply;
  waiting_ = true;
  return command(bytes);
}

// Writes the command of phase_, or all of them; what is out already only has its reply read.
ClientTransactionProtocol::Action ClientTransactionProtocol::command(std::string& out) {
  if (all_sent_ && (phase_ == Phase::rcpt || phase_ == Phase::data)) return Action::read_reply;
  switch (phase_) {
    case Phase::mail:
      all_sent_ = capabilities_.pipelining;
      if (all_sent_) {
        append_all(out);
      } else {
        append_mail(out);
      }
      return Action::send;
    case Phase::rcpt:
      append_rcpt(next_rcpt_, out);
      return Action::send;
    case Phase::data:
      out = "DATA\r\n";
      return Action::send;
    case Phase::abort:
      out = ".\r\n";
      return Action::send;
    case Phase::reset:
      out = "RSET\r\n";
      return Action::reset;
    case Phase::body:
    case Phase::final:
    case Phase::over:
      break;
  }
  return Action::read_reply;
}

void ClientTransactionProtocol::reply(const Reply& reply) {
  waiting_ = false;
  if (ends_connection(reply)) usable_ = false;
  take(reply);
}

void ClientTransactionProtocol::take(const Reply& reply) {
  switch (phase_) {
    case Phase::mail:
      result_.mail = reply;
      phase_ = accepts(reply) || all_sent_ ? Phase::rcpt : Phase::over;
      break;
    case Phase::rcpt:
      take_rcpt(reply);
      break;
    case Phase::data:
      take_data(reply);
      break;
    case Phase::final:
      result_.final = reply;
      usable_ = usable_ && reply.code / 100 != 3 && reply.code / 100 != 1;  // another 354: out of step
      phase_ = Phase::over;
      break;
    case Phase::abort:
    case Phase::reset:
      phase_ = Phase::over;
      break;
    case Phase::body:
    case Phase::over:
      usable_ = false;  // a reply that nobody asked for
      break;
  }
}

void ClientTransactionProtocol::take_rcpt(const Reply& reply) {
  if (accepts(reply)) ++accepted_;
  result_.recipients[next_rcpt_++] = reply;
  if (next_rcpt_ < transaction_.recipients.size()) return;
  phase_ = all_sent_ || any_accepted() ? Phase::data : Phase::reset;
}

void ClientTransactionProtocol::take_data(const Reply& reply) {
  result_.data = reply;
  if (reply.code == 354) {
    phase_ = any_accepted() ? Phase::body : Phase::abort;
  } else {
    // Refused: what the server still holds of MAIL and RCPT has to go. A 2xx here is out of order.
    usable_ = usable_ && !reply.positive();
    phase_ = accepts(result_.mail) ? Phase::reset : Phase::over;
  }
}

// Something has accepted the message so far: there is one to send a body for.
bool ClientTransactionProtocol::any_accepted() const {
  return accepted_ > 0 && accepts(result_.mail);
}

void ClientTransactionProtocol::body_sent() {
  phase_ = Phase::final;
  waiting_ = true;
}

bool ClientTransactionProtocol::connection_usable() const {
  return usable_;
}

void ClientTransactionProtocol::append_all(std::string& out) const {
  constexpr std::size_t longest_path = 256, around = 16;
  out.reserve((transaction_.recipients.size() + 2) * (longest_path / 4 + around));
  append_mail(out);
  for (std::size_t n = 0; n < transaction_.recipients.size(); ++n) append_rcpt(n, out);
  out += "DATA\r\n";
}

void ClientTransactionProtocol::append_mail(std::string& out) const {
  out.append("MAIL FROM:<").append(transaction_.sender).append(1, '>');
  if (capabilities_.size && transaction_.size > 0) append_size(out, transaction_.size);
  if (capabilities_.eight_bit_mime && transaction_.eight_bit) out += " BODY=8BITMIME";
  out += "\r\n";
}

void ClientTransactionProtocol::append_rcpt(std::size_t n, std::string& out) const {
  out.append("RCPT TO:<").append(transaction_.recipients[n]).append(">\r\n");
}

}  // namespace postern::smtp
