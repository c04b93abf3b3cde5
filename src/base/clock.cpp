#include "postern/base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>

namespace postern::base {

namespace asio = boost::asio;

namespace {

class SystemTimer final : public Timer {
 public:
  explicit SystemTimer(const Executor& executor) : timer_(executor, SteadyTime::max()) {}
  void expires_at(SteadyTime when) override { timer_.expires_at(when); }
  void cancel() override { timer_.cancel(); }
  Task<bool> wait() override {
    auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !error;
  }

 private:
  asio::steady_timer timer_;
};

std::tm utc(WallTime when) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(when));
  std::tm out{};
  gmtime_r(&seconds, &out);
  return out;
}

bool digits(std::string_view text, std::size_t from, std::size_t count, int& out) {
  out = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

Error not_a_time(std::string_view text) {
  return fail(Errc::invalid, "not a time (2026-11-24T10:15:30Z): " + std::string(text));
}

// The fraction, of which milliseconds are kept; takes it off `rest`.
bool read_fraction(std::string_view& rest, int& millis) {
  if (!rest.starts_with('.')) return true;
  const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
  std::string three(rest.substr(1, std::min<std::size_t>(3, end - 1)));
  three.resize(3, '0');
  rest.remove_prefix(end);
  return end > 1 && digits(three, 0, 3, millis);
}

// Z, +hh:mm, -hh:mm, or nothing for UTC.
bool read_zone(std::string_view rest, std::chrono::minutes& offset) {
  if (rest.empty() || rest == "Z" || rest == "z") return true;
  int hours = 0, minutes = 0;
  const bool good = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && digits(rest, 1, 2, hours) &&
                    rest[3] == ':' && digits(rest, 4, 2, minutes) && hours < 24 && minutes < 60;
  offset = std::chrono::minutes((rest[0] == '-' ? -1 : 1) * (hours * 60 + minutes));
  return good;
}

}  // namespace

WallTime SystemClock::wall_now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::unique_ptr<Timer> SystemClock::make_timer(Executor executor) {
  return std::make_unique<SystemTimer>(executor);
}

Task<void> sleep_until(Clock& clock, SteadyTime when) {
  auto executor = co_await asio::this_coro::executor;
  auto timer = clock.make_timer(executor);
  timer->expires_at(when);
  co_await timer->wait();
}

Task<void> sleep_for(Clock& clock, Duration duration) {
  return sleep_until(clock, clock.steady_now() + duration);
}

std::string to_rfc3339(WallTime when) {
  const std::tm t = utc(when);
  const auto millis = (when.time_since_epoch().count() % 1000 + 1000) % 1000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                     t.tm_hour, t.tm_min, t.tm_sec, millis);
}

std::string to_rfc5322(WallTime when) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = utc(when);
  return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} +0000", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

Result<WallTime> from_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
  std::chrono::minutes offset{0};
  const bool date = text.size() >= 10 && digits(text, 0, 4, year) && digits(text, 5, 2, month) &&
                    digits(text, 8, 2, day) && text[4] == '-' && text[7] == '-';
  if (!date) return not_a_time(text);
  if (text.size() > 10) {
    const bool time = text.size() >= 19 && std::string_view("Tt ").find(text[10]) != std::string_view::npos &&
                      digits(text, 11, 2, hour) && text[13] == ':' && digits(text, 14, 2, minute) &&
                      text[16] == ':' && digits(text, 17, 2, second);
    if (!time) return not_a_time(text);
    std::string_view rest = text.substr(19);
    if (!read_fraction(rest, millis) || !read_zone(rest, offset)) return not_a_time(text);
  }
  const auto ymd = std::chrono::year(year) / month / day;
  if (!ymd.ok() || hour > 23 || minute > 59 || second > 60) {
    return fail(Errc::invalid, "no such time: " + std::string(text));
  }
  return WallTime(std::chrono::sys_days(ymd)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::milliseconds(millis) - offset;
}

}  // namespace postern::base
