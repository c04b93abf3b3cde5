// Who may send what to whom, asked while the client waits. One object serves all sessions; the settings come
// with each call, from the snapshot that the session took. Loop thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/metrics.hpp"
#include "postern/base/task.hpp"
#include "postern/dkim/signer.hpp"
#include "postern/mail/rewrite.hpp"
#include "postern/net/ip.hpp"
#include "postern/policy/alignment.hpp"
#include "postern/suppression/list.hpp"

namespace postern::policy {

enum class SuppressionAction { drop, reject, hold };
enum class OnError { send, defer };

struct Settings {
  std::vector<net::Network> networks;  // who may relay
  std::vector<std::string> senders;    // patterns; empty: all
  std::vector<std::string> recipients;
  mail::RewriteRules rewrite;
  SuppressionAction suppression_action = SuppressionAction::drop;
  std::vector<std::string>
      suppression_reasons;  // BOUNCE and COMPLAINT count when they are here; MANUAL and others always do
  OnError suppression_on_error = OnError::send;
  base::Duration suppression_max_age{0};               // of BOUNCE and COMPLAINT; 0: for ever
  std::shared_ptr<const AlignmentSettings> alignment;  // null: not looked at
  std::shared_ptr<const dkim::Signer> signer;          // whose domain would be aligned; null: unsigned
};

struct Verdict {
  enum class Kind { keep, drop, hold, reject, defer };
  enum class Reason {
    none,
    client_not_allowed,
    sender_not_allowed,
    sender_invalid,  // not an address that SES takes
    null_sender,     // <> without rewrite.null_sender
    recipient_not_allowed,
    suppressed,
    suppression_unavailable,
    spf_fail,
    spf_permerror,
    dmarc_fail,
    alignment_unknown,  // the DNS did not answer
  };
  Kind kind = Kind::keep;
  Reason reason = Reason::none;
  std::string address;  // after rewriting: what goes into the envelope
  std::string detail;   // why, for log and ledger, with the setting that mends it. For a suppressed recipient
                        // also the client's: "<a@b> suppressed: BOUNCE since 2026-09-20 (SES account list)"
};

class Gate {
 public:
  Gate(suppression::List& suppression, base::Clock& clock, base::Metrics& metrics);
  // Unix sockets are always allowed: their file's mode says who may.
  Verdict check_client(const Settings& settings, const net::IpAddress& client, bool local_socket) const;
  Verdict check_sender(const Settings& settings, std::string_view path) const;
  base::Task<Verdict> check_recipient(std::shared_ptr<const Settings> settings, std::string path);
  // The addresses of From after rewriting, against access.senders: all must be allowed.
  Verdict check_from(const Settings& settings, const std::vector<std::string>& from) const;

 private:
  suppression::List& suppression_;
  base::Clock& clock_;
  base::Metrics& metrics_;
};

}  // namespace postern::policy
