// The suppression list of the account, in memory: the API lists and changes it, sessions look recipients up
// in it and put on it what bounces. Sending compares addresses without regard to case; the API wants the
// stored spelling, of which only the domain was lower-cased. Keeps no file: see suppression_file.hpp. Loop
// thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "reasons.hpp"

namespace postern::sandbox {

// Of an entry that a bounce or complaint made; one put by hand has none.
struct SuppressionCause {
  std::string message_id;
  std::string feedback_id;
};

struct Suppressed {
  std::string address;
  Reason reason = Reason::bounce;
  base::WallTime updated{};
  std::shared_ptr<const SuppressionCause> cause;
};

struct SuppressionFilter {
  Reasons reasons;
  std::optional<base::WallTime> from;  // that moment included
  std::optional<base::WallTime> to;
  bool takes(const Suppressed& entry) const;
};

class SuppressionList {
 public:
  struct Page {
    std::vector<const Suppressed*> entries;
    bool more = false;
  };

  void put(Suppressed entry);  // over the one that is there
  bool erase(std::string_view address);
  const Suppressed* find(std::string_view address) const;     // in this spelling
  const Suppressed* match(std::string_view recipient) const;  // in any
  // The next `size` entries that pass, in the order of the list, behind the address `after` (which may have
  // gone meanwhile; empty: from the beginning).
  Page page(const SuppressionFilter& filter, std::string_view after, std::size_t size) const;
  std::size_t size() const { return entries_.size(); }
  // `count` made-up entries, the same ones every time: for benches.
  void generate(std::size_t count);

 private:
  struct AnyCase {
    std::string_view address;
  };
  // Spellings of one address lie side by side.
  struct Order {
    using is_transparent = void;
    bool operator()(const Suppressed& a, const Suppressed& b) const;
    bool operator()(const Suppressed& a, std::string_view b) const;
    bool operator()(std::string_view a, const Suppressed& b) const;
    bool operator()(const Suppressed& a, AnyCase b) const;
    bool operator()(AnyCase a, const Suppressed& b) const;
  };
  std::set<Suppressed, Order> entries_;
};

// The form in which SES keeps an address: without blanks around it, the domain in lower case.
std::string stored_form(std::string_view address);

}  // namespace postern::sandbox
