#include "content.hpp"

#include <algorithm>

#include "postern/base/text.hpp"
#include "postern/mail/address.hpp"
#include "ses_id.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t most_recipients = 50;

// A second one of these is refused (SES developer guide, header fields).
constexpr std::string_view once_only[] = {"Accept-Language",
                                          "acceptLanguage",
                                          "Archived-At",
                                          "Auto-Submitted",
                                          "Bounces-to",
                                          "Comments",
                                          "Content-Alternative",
                                          "Content-Base",
                                          "Content-Class",
                                          "Content-Description",
                                          "Content-Disposition",
                                          "Content-Duration",
                                          "Content-ID",
                                          "Content-Language",
                                          "Content-Length",
                                          "Content-Location",
                                          "Content-MD5",
                                          "Content-Transfer-Encoding",
                                          "Content-Type",
                                          "Date",
                                          "Delivered-To",
                                          "Disposition-Notification-Options",
                                          "Disposition-Notification-To",
                                          "DKIM-Signature",
                                          "DomainKey-Signature",
                                          "Errors-To",
                                          "From",
                                          "Importance",
                                          "In-Reply-To",
                                          "Keywords",
                                          "List-Archive",
                                          "List-Help",
                                          "List-Id",
                                          "List-Owner",
                                          "List-Post",
                                          "List-Subscribe",
                                          "List-Unsubscribe",
                                          "List-Unsubscribe-Post",
                                          "Message-Context",
                                          "Message-ID",
                                          "MIME-Version",
                                          "Organization",
                                          "Original-From",
                                          "Original-Message-ID",
                                          "Original-Recipient",
                                          "Original-Subject",
                                          "Precedence",
                                          "Priority",
                                          "References",
                                          "Reply-To",
                                          "Return-Path",
                                          "Return-Receipt-To",
                                          "Sender",
                                          "Solicitation",
                                          "Sensitivity",
                                          "Subject",
                                          "Thread-Index",
                                          "Thread-Topic",
                                          "User-Agent",
                                          "VBR-Inf"};

smtp::Reply failed(const std::string& why) {
  return {554, {}, "Transaction failed: " + why};
}

std::optional<smtp::Reply> refuse_duplicates(const mail::HeaderBlock& header) {
  for (const auto name : once_only)
    if (header.count(name) > 1) return failed("Duplicate header '" + std::string(name) + "'.");
  return std::nullopt;
}

std::optional<smtp::Reply> refuse_configuration_set(const Content& content, const Options& options) {
  const auto& known = options.configuration_sets;
  const auto name = configuration_set_of(content);
  if (name.empty() || known.empty() || std::find(known.begin(), known.end(), name) != known.end())
    return std::nullopt;
  return smtp::Reply(554, {},
                     "Configuration Set does not exist: Configuration set <" + name + "> does not exist.");
}

bool is_verified(std::string_view address, const std::vector<std::string>& verified) {
  const auto domain = mail::domain_of(address);
  const auto covers = [&](const std::string& identity) {
    if (base::equals_ignoring_case(identity, address) || base::equals_ignoring_case(identity, domain))
      return true;
    return domain.size() > identity.size() && domain[domain.size() - identity.size() - 1] == '.' &&
           base::equals_ignoring_case(domain.substr(domain.size() - identity.size()), identity);
  };
  return std::any_of(verified.begin(), verified.end(), covers);
}

// Everything that names a sender: From, Sender, Return-Path and MAIL FROM, each address once.
std::vector<std::string> sender_addresses(const mail::HeaderBlock& header, const Envelope& envelope) {
  std::vector<std::string> found;
  const auto add = [&found](const std::string& address) {
    if (std::find(found.begin(), found.end(), address) == found.end()) found.push_back(address);
  };
  for (const auto* name : {"From", "Sender", "Return-Path"}) {
    const auto* field = header.find(name);
    if (field == nullptr) continue;
    const auto addresses = mail::parse_address_list(field->unfolded());
    if (!addresses) continue;
    for (const auto& one : *addresses) add(one.address);
  }
  add(envelope.from);
  return found;
}

std::string upper(std::string text) {
  for (auto& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::optional<smtp::Reply> refuse_identities(const mail::HeaderBlock& header, const Envelope& envelope,
                                             const Options& options) {
  if (options.verified.empty()) return std::nullopt;
  std::string missing;
  for (const auto& address : sender_addresses(header, envelope))
    if (!is_verified(address, options.verified)) missing += (missing.empty() ? "" : ", ") + address;
  if (missing.empty()) return std::nullopt;
  return smtp::Reply(554, {},
                     "Message rejected: Email address is not verified. The following identities failed the "
                     "check in region " +
                         upper(options.region) + ": " + missing);
}

// In its place when the message has one, else at the end.
void set_field(mail::HeaderBlock& header, std::string_view name, const std::string& body) {
  const auto& fields = header.fields();
  const auto found =
      std::find_if(fields.begin(), fields.end(), [name](const auto& field) { return field.is(name); });
  if (found == fields.end()) return header.append(name, body);
  header.replace_body(static_cast<std::size_t>(found - fields.begin()), body);
}

}  // namespace

base::Result<Content> read_content(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) return Content{mail::HeaderBlock(), bytes};
  const auto end = bytes.find("\r\n\r\n");
  const auto length = end == std::string_view::npos ? bytes.size() : end + 2;
  auto header = mail::HeaderBlock::parse(bytes.substr(0, length));
  if (!header) return header.error();
  return Content{std::move(*header), bytes.substr(length)};
}

std::optional<smtp::Reply> refuse_content(const Content& content, const Envelope& envelope,
                                          const Options& options) {
  if (envelope.to.size() > most_recipients) return failed("Recipient count exceeds 50");
  for (const auto& to : envelope.to)
    if (mail::domain_of(to).empty()) return failed("Missing final '@domain'");
  if (auto refusal = refuse_duplicates(content.header)) return refusal;
  if (content.header.find("From") == nullptr) return failed("Missing required header 'From'.");
  if (auto refusal = refuse_identities(content.header, envelope, options)) return refusal;
  return refuse_configuration_set(content, options);
}

std::string configuration_set_of(const Content& content) {
  const auto* field = content.header.find("X-SES-CONFIGURATION-SET");
  return field == nullptr ? std::string() : field->unfolded();
}

std::string deliverable(Content content, std::string_view ses_id, std::string_view region,
                        base::WallTime now) {
  set_field(content.header, "Message-ID", message_id_of(ses_id, region));
  set_field(content.header, "Date", base::to_rfc5322(now));
  return content.header.bytes().append(content.body);
}

bool is_sender(std::string_view address) {
  return mail::domain_of(address).find('.') != std::string_view::npos;
}

}  // namespace postern::sandbox
