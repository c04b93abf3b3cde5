// What receivers will make of a message that leaves through SES, found out by DNS before it leaves: SPF of
// the envelope sender's domain, SPF of the MAIL FROM domain that SES will use, alignment of both legs, and
// what DMARC then says. SES.md 4: the client's envelope sender never reaches the receiver. One object serves
// all sessions; settings come with each call. Loop thread. Assessments are cached by their question until the
// first answer that they rest on expires.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"
#include "postern/net/ip.hpp"
#include "postern/policy/dmarc.hpp"
#include "postern/policy/spf.hpp"

namespace postern::policy {

enum class AlignmentAction { off, report, enforce };

struct AlignmentSettings {
  AlignmentAction spf = AlignmentAction::report;
  AlignmentAction dmarc = AlignmentAction::report;
  std::vector<std::string> authorised{"amazonses.com"};  // domains or networks: "sent through SES"
  std::map<std::string, std::string> mail_from_domain;   // identity domain -> its custom MAIL FROM domain
  std::string region;                                    // of SES, for the MX that a MAIL FROM domain needs
  base::Duration budget{std::chrono::seconds(3)};
  bool operator==(const AlignmentSettings&) const = default;
};

struct AlignmentQuestion {
  std::string sender_domain;   // of the envelope sender after rewriting; empty for <>
  std::string from_domain;     // of header From
  std::string signing_domain;  // d= of the signature that we shall make; empty: unsigned
  auto operator<=>(const AlignmentQuestion&) const = default;
};

// pass_dkim, pass_spf, pass_both: DMARC would pass, through which leg. fail: it would not. none: no policy
// is published. permerror: a record that receivers ignore or refuse. temperror: the DNS did not answer.
// Receivers of RFC 9989 and of RFC 7489 are both asked for; the worse counts: fail (of two fails the one with
// the stricter policy), temperror, permerror, none, pass_spf, pass_dkim, pass_both.
enum class DmarcResult { pass_dkim, pass_spf, pass_both, fail, none, permerror, temperror };
std::string_view to_string(DmarcResult result);  // "pass" for all three passes

// A thing to mend, with the record to publish.
struct Advice {
  std::string domain;  // whose DNS (or which identity) has to change
  std::string reason;  // a short stable word: "spf_fail", "spf_missing", "dmarc_fail", "mail_from_mx" ...
  std::string text;    // one sentence: what is wrong and what receivers do with it
  std::string
      record;  // what to publish: "example.com. TXT \"v=spf1 include:amazonses.com ~all\""; may be empty
};

// Worst first: fail, permerror, temperror, softfail, none, neutral, pass. What is final for one network comes
// before what may change (a temperror), and that before what no receiver refuses. A null sender has no
// domain: none. spf.authorised that gives no network at all is temperror: nothing is known about the domain.
SpfResult worse(SpfResult a, SpfResult b);

struct Assessment {
  std::string author_domain;        // of From, whose DMARC it is; empty: From names none
  SpfResult spf = SpfResult::none;  // of the envelope sender's domain against spf.authorised, the worst
  std::string spf_detail;           // which network, which term
  std::string mail_from_domain;     // what receivers will see: "amazonses.com" or the custom one
  bool spf_aligned = false;         // the names align; the leg passes when the SPF and MX are right too
  bool dkim_aligned = false;
  DmarcResult dmarc = DmarcResult::none;
  DmarcPolicy policy = DmarcPolicy::none;  // that applies when it fails, t and pct=0 reckoned with
  std::string dmarc_detail;                // "p=reject at example.com: neither leg aligns"
  std::vector<Advice> advice;
  base::SteadyTime expires{};
};
using AssessmentPtr = std::shared_ptr<const Assessment>;

// Of two domains in one From: what receivers who check each will make of it, with the advice for both.
AssessmentPtr worse(const AssessmentPtr& a, const AssessmentPtr& b);

class Alignment {
 public:
  Alignment(net::Resolver& resolver, std::shared_ptr<const PublicSuffixes> suffixes, base::Clock& clock,
            base::Executor executor, std::size_t max_cached = 10000);
  ~Alignment();

  // What is known already; null: it has to be asked for. Costs a look-up in a map.
  AssessmentPtr known(const AlignmentSettings& settings, const AlignmentQuestion& question) const;

  // Begins to look up what is not known yet, for whoever asks next. Returns at once.
  void prepare(const std::shared_ptr<const AlignmentSettings>& settings, const AlignmentQuestion& question);

  // Never takes longer than settings.budget: what is not known by then counts as temperror (and the look-ups
  // go on, so that the next one finds them). The same question under way is asked once, and the budget counts
  // from when its look-ups began: while they hang, later messages don't wait at all. 500 questions may be
  // under way and each for half a minute; what is over that is temperror at once. A temperror is kept for 5
  // s.
  base::Task<AssessmentPtr> assess(std::shared_ptr<const AlignmentSettings> settings,
                                   AlignmentQuestion question);

  void settings_changed();  // forgets the assessments, not the DNS answers
  void stop();              // before the resolver's: ends what is under way, whoever waits gets temperror

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace postern::policy
