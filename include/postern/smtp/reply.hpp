// A reply of the server to a command (RFC 5321 4.2, RFC 3463). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::smtp {

struct Reply {
  int code = 0;
  std::string enhanced;  // "5.1.1"; empty where there is none (greeting, EHLO, 354)
  std::vector<std::string> lines;

  Reply() = default;
  Reply(int c, std::string_view e, std::string text);

  bool positive() const { return code >= 200 && code < 400; }
  bool permanent() const { return code >= 500; }
  std::string text() const;       // lines joined by a blank, no code
  std::string to_string() const;  // "550 5.1.1 text" on one line, for log and ledger
};

// On the wire: every line with code (and enhanced code), CRLF; controls replaced, lines cut at 512 octets.
std::string render(const Reply& reply);

// Collects the lines of one reply of a peer.
class ReplyParser {
 public:
  enum class Status { more, done, malformed };
  Status add_line(std::string_view line);  // without CRLF
  Reply take();                            // after done; the parser is empty again

 private:
  Reply reply_;
};

}  // namespace postern::smtp
