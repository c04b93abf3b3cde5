// The last question before a message is stored: would receivers take what SES sends for it (alignment.hpp)?
// Report tells log, ledger, metrics and, where it is known in time, a header field; it never delays or
// changes a reply. Enforce refuses. One object serves all sessions. Loop thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/spawn.hpp"
#include "postern/base/task.hpp"
#include "postern/policy/alignment.hpp"
#include "postern/policy/gate.hpp"

namespace postern::policy {

// For the books: what was found for a message.
struct AlignmentNote {
  std::string id;
  std::string spf;     // RFC 7208's word
  std::string dmarc;   // pass, fail, none, permerror, temperror
  std::string detail;  // the leg that passes, or what is wrong
};

struct MessageFacts {
  MessageFacts(std::string i, std::string s, std::vector<std::string> f)
      : id(std::move(i)), sender(std::move(s)), from(std::move(f)) {}
  std::string id;
  std::string sender;             // envelope sender after rewriting
  std::vector<std::string> from;  // addresses of header From after rewriting, those with a domain
};

struct MessageVerdict {
  Verdict verdict;
  AssessmentPtr found;  // null: off, or not known yet
};

class MessageGate {
 public:
  using Book = std::function<void(AlignmentNote)>;
  MessageGate(Alignment& alignment, base::Executor executor, base::Clock& clock, base::Log& log,
              base::Metrics& metrics, Book book);

  // At MAIL: look-ups begin while the client goes on. From is not known yet; most often it is the same
  // domain.
  void expect(std::shared_ptr<const Settings> settings, std::string_view sender);
  // When the message is here.
  base::Task<MessageVerdict> check(std::shared_ptr<const Settings> settings, MessageFacts facts);

  void stop();  // what still waits for the DNS is given up

 private:
  using Questions = std::vector<AlignmentQuestion>;
  Questions questions(const Settings& settings, std::string_view sender,
                      const std::vector<std::string>& from) const;
  AssessmentPtr known(const AlignmentSettings& settings, const Questions& asked) const;
  base::Task<AssessmentPtr> assess(std::shared_ptr<const AlignmentSettings> settings, Questions asked);
  base::Task<void> report_later(std::shared_ptr<const Settings> settings, MessageFacts facts);
  void report(const Settings& settings, const MessageFacts& facts, const Assessment& found, bool late);
  void warn(const Assessment& found);
  void count(const Settings& settings, const Assessment& found);

  Alignment& alignment_;
  base::Clock& clock_;
  base::Log& log_;
  std::map<std::string_view, base::Counter*> spf_results_, dmarc_results_;
  Book book_;
  std::map<std::pair<std::string, std::string>, base::SteadyTime> warned_;  // domain, reason
  bool stopped_ = false;
  base::TaskGroup tasks_;
};

// The body of an X-Postern-Alignment field: "spf=pass dmarc=pass (dkim)".
std::string alignment_text(const Assessment& found);

}  // namespace postern::policy
