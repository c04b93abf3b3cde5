#include "postern/net/buffered.hpp"

#include <cstring>

namespace postern::net {

BufferedReader::BufferedReader(Stream& stream, std::size_t capacity) : stream_(stream), capacity_(capacity) {}

std::string_view BufferedReader::pending() const {
  return std::string_view(buffer_).substr(begin_, end_ - begin_);
}

std::optional<std::string_view> BufferedReader::take_line() {
  const auto bytes = pending();
  const auto end = bytes.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  begin_ += end + 2;
  return bytes.substr(0, end);
}

bool BufferedReader::line_too_long(std::size_t max) const {
  const auto bytes = pending();
  const std::size_t half_an_end = bytes.ends_with('\r') ? 1 : 0;  // its LF may come in the next segment
  return bytes.size() - half_an_end > max && bytes.find("\r\n") == std::string_view::npos;
}

bool BufferedReader::discard_line() {
  const auto bytes = pending();
  const auto end = bytes.find("\r\n");
  if (end != std::string_view::npos) {
    begin_ += end + 2;
    return true;
  }
  // A CR at the very end may be the first half of the line's end.
  const std::size_t keep = !bytes.empty() && bytes.back() == '\r' ? 1 : 0;
  begin_ = end_ - keep;
  return false;
}

void BufferedReader::consume(std::size_t bytes) {
  begin_ += bytes;
}

void BufferedReader::discard() {
  begin_ = end_ = 0;
}

base::Task<base::Result<void>> BufferedReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < capacity_) buffer_.resize(capacity_);
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= 2 * capacity_) co_return base::fail(base::Errc::full, "a line without end");
    buffer_.resize(2 * capacity_);
  }
  const std::span<char> room(buffer_.data() + end_, buffer_.size() - end_);
  auto got = co_await stream_.read_some(room);
  if (!got) co_return got.error();
  end_ += *got;
  co_return base::Result<void>();
}

}  // namespace postern::net
