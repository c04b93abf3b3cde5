// SPF, RFC 7208: check_host, with every term and look-up it took, and a survey of a whole record for people
// who have to publish or repair one. Owns no sockets: look-ups go through net::Resolver. Loop thread. Who
// decides what a result means for a message is alignment.hpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/dns.hpp"
#include "postern/net/ip.hpp"

namespace postern::policy {

enum class SpfResult { none, neutral, pass, fail, softfail, temperror, permerror };  // RFC 7208 2.6
std::string_view to_string(SpfResult result);

struct SpfQuery {
  net::IpAddress ip;
  std::string domain;    // the one that check_host starts with
  std::string sender;    // MAIL FROM or postmaster@HELO; a missing local part counts as postmaster
  std::string helo;      // for the h macro
  std::string receiver;  // for the r macro; empty: "unknown"
  base::WallTime time;   // for the t macro
};

// One term as it was looked at, in order. For `postern spf`.
struct SpfTerm {
  std::string domain;  // whose record it stands in
  int depth = 0;       // include and redirect
  std::string text;    // "include:amazonses.com", as published
  bool match = false;
  SpfResult result{};  // of an include or redirect: its own; else what a match gives
  int lookups = 0;     // counted so far, this term included
  int void_lookups = 0;
  std::string note;  // what was found: "54.240.0.0/18 contains 54.240.1.1", "NXDOMAIN"
};

struct SpfReport {
  SpfResult result = SpfResult::none;
  std::string explanation;  // of exp=, expanded; only for fail. Printable, 500 octets at most
  std::string problem;      // why permerror, temperror or none: which term of which record
  std::string record;       // of the start domain, as published
  int lookups = 0;          // terms that cost one, RFC 7208 4.6.4
  int void_lookups = 0;
  std::vector<SpfTerm> terms;  // empty unless asked for
  // When the first answer that it rests on expires; SteadyTime::max() where it rests on none. An error of the
  // DNS is no answer and has no time: who keeps a temperror has to bound it.
  base::SteadyTime expires{};
};

struct SpfOptions {
  int max_lookups = 10;
  int max_void_lookups = 2;
  bool keep_terms = false;
  bool explain = true;  // fetch exp=
};

base::Task<SpfReport> check_host(net::Resolver& resolver, SpfQuery query, SpfOptions options = {});

// Everything a record authorises, whatever the client: all includes and redirects followed, a and mx looked
// up. Terms with macros can't be known and are named (%{d} can). What is walked has a bound; see truncated.
struct SpfSurvey {
  SpfResult state = SpfResult::none;  // pass: a record that can be evaluated; none; permerror; temperror
  std::string problem;
  std::vector<std::string> records;  // the v=spf1 records of the domain itself: more than one is an error
  // The qualifier of the `all` that is reached: "+", "-", "~", "?", "" none. An include of a record that
  // passes everybody counts as one, with the qualifier of the include.
  std::string all;
  int lookups = 0;       // that the worst client costs
  int void_lookups = 0;  // names that don't exist or have no address of either family
  // That pass, in the order of the record, without what `all` adds. One that begins above ::ffff:0:0/96
  // (ip6:::/0) stands for IPv6 clients only.
  std::vector<net::Network> networks;
  std::vector<std::string> included;       // domains of include and redirect, at every depth, each once
  std::vector<std::string> unknown_terms;  // macros, exists, ptr
  bool truncated = false;      // too much to walk: the counts and lists are what was seen until then
  base::SteadyTime expires{};  // as in SpfReport
};
base::Task<SpfSurvey> survey_spf(net::Resolver& resolver, std::string domain);

// Parses one record without look-ups: nothing, or the first error with the term that has it.
base::Result<void> check_spf_record(std::string_view record);

}  // namespace postern::policy
