// Reads lines and blocks from a Stream through one buffer. What is in the buffer already is had without
// suspending: that is the fast path, and how a server sees that a client pipelines. Loop thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "postern/net/stream.hpp"

namespace postern::net {

class BufferedReader {
 public:
  explicit BufferedReader(Stream& stream, std::size_t capacity = 16 * 1024);

  // A line without its CRLF, valid until the next call of anything here; nullopt: not whole yet, fill() and
  // ask again. Only CRLF ends a line: a bare LF is part of it.
  std::optional<std::string_view> take_line();
  // More than max bytes are buffered without a CRLF; a CR at the very end may become one and does not count.
  bool line_too_long(std::size_t max) const;
  // Throws away up to and including the next CRLF among what is buffered (all of it when there is none);
  // true: found it.
  bool discard_line();

  std::string_view pending() const;  // what is buffered
  void consume(std::size_t bytes);
  void discard();  // drops what is buffered (STARTTLS: nothing sent in clear may count as later)
  base::Task<base::Result<void>>
  fill();  // reads more; grows the buffer no further than twice its capacity, then Errc::full

 private:
  Stream& stream_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t capacity_;
};

}  // namespace postern::net
