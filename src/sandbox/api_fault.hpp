// Ways for the API to misbehave, for tests of its clients. A fault is a JSON object:
//   {"kind": KIND, "operation": "ListSuppressedDestinations", "after": 2, "count": 1, ...}
// It holds for requests of that operation (default: all), lets the first `after` pass, then strikes `count`
// times (default: until it is taken away). Loop thread.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "api_answer.hpp"
#include "api_operation.hpp"
#include "postern/base/clock.hpp"

namespace postern::sandbox {

struct Fault {
  enum class Kind {
    error,          // status, type, message: any error at all; the kinds "429", "500", "503" are short for it
    hang,           // takes the request and never answers
    slow,           // answers `seconds` late
    garbage,        // 200 with a body that is not JSON
    cut_body,       // half of the body that was announced, then the connection is cut
    endless_body,   // a body that never ends, as fast as it is read
    drip_body,      // one byte a second, for ever
    wrong_date,     // Date is off by `seconds`, signatures are judged rightly
    skewed_clock,   // the clock of the API is off by `seconds`, in Date and for signatures
    short_page,     // half of a page, and it says that it was the last
    empty_page,     // no entries, and it says that it was the last
    hollow_page,    // no entries, but it goes on: legal
    repeated_token  // the page goes on where it began
  };
  Kind kind = Kind::error;
  std::optional<Operation> operation;
  std::size_t after = 0;
  std::optional<std::size_t> count;
  int seconds = 0;
  ApiError error;

  bool in_body() const {
    return kind == Kind::cut_body || kind == Kind::endless_body || kind == Kind::drip_body;
  }
};

std::string_view to_string(Fault::Kind kind);  // "short-page"
std::string fault_kinds();                     // all of them, for --help

class Faults {
 public:
  base::Result<void> add(std::string_view text);  // JSON, or a kind alone; Errc::invalid
  void clear() { faults_.clear(); }
  boost::json::array to_json() const;
  std::optional<Fault> take(Operation operation);  // the one that strikes this request

 private:
  std::list<Fault> faults_;
};

// What a fault of a page makes of a good answer to ListSuppressedDestinations. `token`: where the page began
// (empty: at the beginning, which has no token to repeat), `again`: a token that leads there.
void spoil_page(Fault::Kind kind, const std::string& token, const std::string& again,
                boost::json::object& page);

}  // namespace postern::sandbox
