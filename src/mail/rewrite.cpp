#include "postern/mail/rewrite.hpp"

#include "postern/mail/address.hpp"

namespace postern::mail {

namespace {

using Rules = std::vector<RewriteRule>;

std::string with_domain(const RewriteRules& rules, std::string_view address) {
  std::string out(address);
  if (!rules.default_domain.empty() && !out.empty() && domain_of(out).empty() && !out.ends_with('@')) {
    out.append("@").append(rules.default_domain);
  }
  return out;
}

const RewriteRule* first_match(const Rules& rules, std::string_view address) {
  for (const auto& rule : rules) {
    if (matches_pattern(rule.match, address)) return &rule;
  }
  return nullptr;
}

// The default domain comes first, so that a rule for root@example.com also meets a bare root.
std::string rewritten(const RewriteRules& rules, const Rules& list, std::string_view address,
                      const RewriteRule** applied = nullptr) {
  std::string full = with_domain(rules, address);
  const RewriteRule* rule = first_match(list, full);
  if (rule == nullptr) return full;
  if (applied != nullptr) *applied = rule;
  return with_domain(rules, rule->to);
}

struct Body {
  std::string text;
  bool keep_reply_to = false;
};

// nullopt: nothing changes, or the body can't be read; signing and policy judge what stays.
std::optional<Body> rewrite_body(const RewriteRules& rules, const Rules& list, std::string_view body) {
  const auto addresses = parse_address_list(body);
  if (addresses.has_error()) return std::nullopt;
  Body out;
  std::size_t copied = 0;
  for (const auto& found : *addresses) {
    const RewriteRule* rule = nullptr;
    const std::string address = rewritten(rules, list, found.address, &rule);
    if (address == found.address) continue;
    out.text.append(body.substr(copied, found.begin - copied)).append(address);
    out.keep_reply_to = out.keep_reply_to || (rule != nullptr && rule->keep_reply_to);
    copied = found.end;
  }
  if (copied == 0) return std::nullopt;
  out.text.append(body.substr(copied));
  return out;
}

const Rules none;

// The rules for a field; null for a field that carries no address of ours to rewrite.
const Rules* rules_for(const RewriteRules& rules, const HeaderBlock::Field& field) {
  if (field.is("From")) return &rules.from;
  if (field.is("Sender") || field.is("Return-Path")) return &rules.sender;
  if (field.is("To") || field.is("Cc") || field.is("Reply-To")) return &none;
  return nullptr;
}

void add_reply_to(const RewriteRules& rules, HeaderBlock& header, const std::string& old_from) {
  const auto completed = rewrite_body(rules, none, old_from);
  header.append("Reply-To", completed ? completed->text : old_from);
}

bool is_null_path(const HeaderBlock::Field& field) {
  return field.is("Return-Path") && field.unfolded() == "<>";
}

std::string_view trim_front(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

}  // namespace

std::optional<std::string> rewrite_sender(const RewriteRules& rules, std::string_view sender) {
  if (!sender.empty()) return rewritten(rules, rules.sender, sender);
  if (rules.null_sender.empty()) return std::nullopt;
  return rules.null_sender;
}

std::string rewrite_recipient(const RewriteRules& rules, std::string_view recipient) {
  return rules.redirect_all_to.empty() ? with_domain(rules, recipient) : rules.redirect_all_to;
}

base::Result<void> rewrite_header(const RewriteRules& rules, HeaderBlock& header) {
  std::string old_from;
  for (std::size_t i = 0; i < header.fields().size(); ++i) {
    const auto& field = header.fields()[i];
    const Rules* list = rules_for(rules, field);
    if (list == nullptr) continue;
    if (is_null_path(field)) {
      if (!rules.null_sender.empty()) header.replace_body(i, "<" + rules.null_sender + ">");
      continue;
    }
    if (list->empty() && rules.default_domain.empty()) continue;  // the usual case: nothing to do
    const auto changed = rewrite_body(rules, *list, field.body());
    if (!changed) continue;
    if (changed->keep_reply_to && list == &rules.from) old_from = trim_front(field.body());
    header.replace_body(i, changed->text);
  }
  if (!old_from.empty() && header.find("Reply-To") == nullptr) add_reply_to(rules, header, old_from);
  return {};
}

}  // namespace postern::mail
