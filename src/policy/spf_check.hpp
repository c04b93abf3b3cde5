// One evaluation of check_host (RFC 7208 4): walks the record and what it includes until something matches,
// and counts. Used by check_host only, which owns it for the time of one call. Loop thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"
#include "postern/policy/spf.hpp"
#include "spf_macro.hpp"
#include "spf_record.hpp"

namespace postern::policy {

class SpfCheck {
 public:
  // All three outlive it.
  SpfCheck(net::Resolver& resolver, const SpfQuery& query, const SpfOptions& options);
  base::Task<SpfReport> run();

 private:
  enum class Outcome { no_match, match, temperror, permerror };
  struct Look {
    Outcome outcome = Outcome::no_match;
    net::DnsAnswerPtr answer;  // only with a match: there are records
  };
  // Where an evaluation stands: in the first record (or what it redirects to) or in an include.
  struct Place {
    std::string domain;
    int depth = 0;
    bool included = false;
  };

  base::Task<SpfResult> evaluate(Place place);
  base::Task<SpfResult> walk(const SpfRecord& record, const Place& place);
  base::Task<std::optional<SpfResult>> try_directive(const SpfDirective& directive, const Place& place);
  base::Task<SpfResult> follow(const SpfModifier& redirect, const Place& place);
  base::Task<void> explain(std::string_view exp, const Place& place);

  base::Task<Outcome> match(const SpfDirective& directive, const Place& place);
  base::Task<Outcome> match_include(const Place& place, std::string name);
  base::Task<Outcome> match_a(const SpfDirective& directive, std::string name);
  base::Task<Outcome> match_mx(const SpfDirective& directive, std::string name);
  base::Task<Outcome> match_ptr(std::string name);
  base::Task<Outcome> match_exists(std::string name);
  Outcome match_ip(const SpfDirective& directive);
  Outcome match_addresses(const SpfDirective& directive, const net::DnsAnswer& answer,
                          const std::string& name);

  base::Task<Look> ask(std::string name, net::DnsType type);
  base::Task<base::Result<net::DnsAnswerPtr>> query(std::string name, net::DnsType type);
  base::Task<std::string> target(std::string_view domain_spec, const std::string& domain);
  base::Task<void> validate();
  MacroValues values(const std::string& domain) const;
  std::string_view validated_name(std::string_view domain) const;

  bool count_lookup(std::size_t term);
  bool count_void();
  net::DnsType address_type() const;
  std::size_t begin_term(std::string_view text, const Place& place, SpfResult result);
  void end_term(std::size_t index, Outcome outcome, std::string_view text, const Place& place);
  template <class... Words>
  void note(const Words&... words) {
    if (!options_.keep_terms) return;
    note_.clear();
    (note_.append(words), ...);
  }

  net::Resolver& resolver_;
  const SpfQuery& query_;
  const SpfOptions& options_;
  std::string local_part_;
  std::string sender_domain_;
  SpfReport report_;
  std::string why_;                                    // of the last error
  std::string note_;                                   // for the term at hand; only when terms are kept
  SpfResult included_ = SpfResult::none;               // what the last include came to
  std::optional<std::vector<std::string>> validated_;  // names of the client (5.5), looked up once
  bool no_reverse_ = false;                            // its PTR query was a void one
};

}  // namespace postern::policy
