// Sender rewriting (configuration key `rewrite`): SES refuses root@host in envelope, From, Sender and
// Return-Path alike, so one set of rules is applied to all of them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postern/base/result.hpp"
#include "postern/mail/header_block.hpp"

namespace postern::mail {

struct RewriteRule {
  std::string match;  // pattern
  std::string to;
  bool keep_reply_to = false;  // keep: reply-to: the old From becomes Reply-To when the message has none
};

struct RewriteRules {
  std::string default_domain;       // an address without domain gets it
  std::vector<RewriteRule> sender;  // envelope sender, Return-Path and Sender
  std::vector<RewriteRule> from;    // header From
  std::string null_sender;          // for <>; empty: <> is refused
  std::string redirect_all_to;      // every recipient becomes this one
};

// The envelope sender that SES gets. nullopt: <> without a null_sender.
std::optional<std::string> rewrite_sender(const RewriteRules& rules, std::string_view sender);
std::string rewrite_recipient(const RewriteRules& rules, std::string_view recipient);
// From, Sender, Return-Path in place, display names kept; To, Cc and Reply-To only get the default domain.
base::Result<void> rewrite_header(const RewriteRules& rules, HeaderBlock& header);

}  // namespace postern::mail
