// DMARC as the receivers of what we send evaluate it: record parsing, discovery and organisational domain, by
// the tree walk of RFC 9989 and by the public suffix list as receivers of RFC 7489 still do. Parsing is pure;
// discovery asks net::Resolver. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"

namespace postern::policy {

enum class DmarcPolicy { none, quarantine, reject };
enum class AlignmentMode { relaxed, strict };
std::string_view to_string(DmarcPolicy policy);

struct DmarcRecord {
  std::string text;  // as published
  DmarcPolicy policy = DmarcPolicy::none;
  std::optional<DmarcPolicy> subdomain_policy;    // sp
  std::optional<DmarcPolicy> nonexistent_policy;  // np, RFC 9989
  AlignmentMode dkim = AlignmentMode::relaxed;    // adkim
  AlignmentMode spf = AlignmentMode::relaxed;     // aspf
  int percent = 100;                              // pct, RFC 7489
  bool testing = false;                           // t=y, RFC 9989
  char public_suffix = 'u';                       // psd: y, n, u
  std::vector<std::string> aggregate_reports;     // rua
};

// As strict as receivers are: what they ignore gives Errc::not_found ("not a DMARC record") or
// Errc::invalid with the tag that is wrong.
base::Result<DmarcRecord> parse_dmarc(std::string_view text);

// The public suffix list (libpsl). Immutable, thread-safe.
class PublicSuffixes {
 public:
  static std::shared_ptr<const PublicSuffixes> builtin();
  virtual ~PublicSuffixes() = default;
  // "a.example.co.uk" -> "example.co.uk"; a public suffix or an unknown name: itself. Lower case, A-labels.
  virtual std::string organizational_domain(std::string_view domain) const = 0;
};

// tree_walk: RFC 9989, tags np, t, psd. public_suffix_list: RFC 7489, tag pct.
enum class DmarcMethod { tree_walk, public_suffix_list };

struct DmarcPolicyFound {
  enum class State { found, none, several_records, invalid, temperror };
  State state = State::none;
  std::string domain;                 // where the record stands
  std::string organizational_domain;  // of the From domain, by this method; empty: the DNS did not tell
  DmarcRecord record;
  DmarcPolicy applies = DmarcPolicy::none;  // to this From domain: p, sp or np, as published
  std::string tag;                          // which of the three that is
  std::string problem;
  base::SteadyTime expires{};
};

base::Task<DmarcPolicyFound> find_dmarc(net::Resolver& resolver, const PublicSuffixes& suffixes,
                                        std::string from_domain, DmarcMethod method);

// The organisational domain of any domain by either method (the tree walk needs look-ups).
base::Task<base::Result<std::string>> organizational_domain(net::Resolver& resolver,
                                                            const PublicSuffixes& suffixes,
                                                            std::string domain, DmarcMethod method);

}  // namespace postern::policy
