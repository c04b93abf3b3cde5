// What the DNS says about one question of alignment.hpp, gathered by alignment_job.cpp and judged by
// alignment_verdict.cpp, which is pure. Values only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "postern/net/ip.hpp"
#include "postern/policy/alignment.hpp"

namespace postern::policy {

// spf.authorised, flattened.
struct AuthorisedNetwork {
  net::Network network;
  std::string source;  // the entry that it comes from
};
struct AuthorisedNetworks {
  std::vector<AuthorisedNetwork> networks;
  std::string problem;     // an entry that could not be flattened, and why
  bool temporary = false;  // the DNS did not answer for one: what it stands for is not known
};

// A domain's SPF against all of them.
struct AuthorisedSpf {
  SpfResult worst = SpfResult::none;
  std::string detail;                // which network, which term
  std::vector<std::string> missing;  // entries of spf.authorised with a network that does not pass
  std::vector<std::string> broken;   // terms of its record that find nothing and make it an error
  int lookups = 0;                   // that its record costs a client that no term lets pass
  std::string record;                // as published
};

struct MailFromFacts {
  std::string identity;  // key of the entry; empty: there is none, receivers see amazonses.com
  std::string domain;
  AuthorisedSpf spf;
  enum class Mx { right, wrong, unknown };
  Mx mx = Mx::wrong;
  std::vector<Advice> advice;
};

// An organisational domain; nullopt: the DNS did not tell. Empty: not asked for, nothing depends on it.
using OrganizationalDomain = std::optional<std::string>;

struct MethodFacts {
  DmarcMethod method{};
  DmarcPolicyFound found;
  OrganizationalDomain mail_from{""};
  OrganizationalDomain signing{""};
};

struct AlignmentFacts {
  std::string authorised_problem;  // of spf.authorised itself
  AuthorisedSpf sender;
  std::vector<std::string> sender_records;  // the v=spf1 records of the sender's domain
  MailFromFacts mail_from;
  std::array<MethodFacts, 2> methods;  // tree walk, public suffix list
};

}  // namespace postern::policy
