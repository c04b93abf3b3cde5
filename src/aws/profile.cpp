#include "aws/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aws/text.hpp"
#include "postern/base/text.hpp"

namespace postern::aws {

namespace {

// A comment behind a value begins with a blank; a # without one is part of the value.
std::string_view without_comment(std::string_view value) {
  for (std::size_t at = 1; at < value.size(); ++at) {
    const bool blank_before = value[at - 1] == ' ' || value[at - 1] == '\t';
    if (blank_before && (value[at] == '#' || value[at] == ';')) return trim(value.substr(0, at));
  }
  return value;
}

// The profile that a section is about; empty: none (sso-session, services, plugins).
std::string profile_of(std::string_view header, ProfileFile kind) {
  header = trim(header);
  if (kind == ProfileFile::credentials || header == "default") return std::string(header);
  if (!header.starts_with("profile") || header.size() < 8) return {};
  const auto name = trim(header.substr(7));
  const bool apart = header[7] == ' ' || header[7] == '\t';
  const bool quoted = name.size() >= 2 && name.front() == '"' && name.back() == '"';
  return apart ? std::string(quoted ? name.substr(1, name.size() - 2) : name) : std::string();
}

class Parser {
 public:
  explicit Parser(ProfileFile kind) : kind_(kind) {}

  bool line(std::string_view raw) {
    const auto text = trim(raw);
    if (text.empty() || text.front() == '#' || text.front() == ';') return true;
    const auto indent = std::min(raw.find_first_not_of(" \t"), raw.size());
    if (indent > option_indent_)
      return true;  // goes on with the option above: nested settings, all of services
    if (text.front() == '[') return header(text);
    const auto equals = text.find('=');
    if (!in_section_ || equals == std::string_view::npos || equals == 0) return false;
    option_indent_ = indent;
    if (section_ != nullptr)
      (*section_)[base::to_lower(trim(text.substr(0, equals)))] =
          without_comment(trim(text.substr(equals + 1)));
    return true;
  }
  Sections take() { return std::move(out_); }

 private:
  bool header(std::string_view text) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    const auto name = profile_of(text.substr(1, end - 1), kind_);
    section_ = name.empty() ? nullptr : &out_[name];
    in_section_ = true;
    option_indent_ = std::string_view::npos;
    return true;
  }

  ProfileFile kind_;
  Sections out_;
  Section* section_ = nullptr;
  bool in_section_ = false;
  std::size_t option_indent_ = std::string_view::npos;  // of the option above; none: anything is one
};

std::string home_file(const net::Environment& environment, const std::string& name,
                      const std::string& usual) {
  std::string path = variable(environment, name);
  const std::string home = variable(environment, "HOME");
  if (path.empty() && !home.empty()) path = home + usual;
  if (path.starts_with("~/") && !home.empty()) path = home + path.substr(1);
  return path;
}

base::Result<Sections> load(const std::string& path, ProfileFile kind, const ReadFile& read) {
  constexpr std::size_t largest = 1024UL * 1024;
  if (path.empty()) return Sections();
  const auto text = read(path);
  if (!text && text.error().code == base::Errc::not_found) return Sections();
  if (!text) return base::fail(text.error().code, path + " cannot be read");
  if (text->size() > largest) return base::fail(base::Errc::invalid, path + ": too large for a profile file");
  auto sections = parse_profiles(*text, kind);
  if (!sections) return base::fail(sections.error().code, path + ":" + sections.error().message);
  return sections;
}

base::Result<std::optional<Credentials>> keys(Credentials found, std::string_view missing_id,
                                              std::string_view missing_secret) {
  if (found.key.access_key_id.empty() && found.key.secret_access_key.empty())
    return std::optional<Credentials>();
  const bool no_id = found.key.access_key_id.empty();
  if (no_id || found.key.secret_access_key.empty()) {
    const auto message = fmt::format("{}: {} is missing", found.source, no_id ? missing_id : missing_secret);
    return base::fail(base::Errc::invalid, message);
  }
  return std::optional<Credentials>(std::move(found));
}

}  // namespace

std::string variable(const net::Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

base::Result<Sections> parse_profiles(std::string_view text, ProfileFile kind) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Parser parser(kind);
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    if (!parser.line(text.substr(0, end))) {
      return base::fail(base::Errc::invalid, fmt::format("{}: neither [section] nor key = value", number));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.take();
}

bool Profiles::contains(const std::string& profile) const {
  return credentials.contains(profile) || config.contains(profile);
}

std::string Profiles::value(const std::string& profile, const std::string& key) const {
  for (const auto* sections : {&config, &credentials}) {
    const auto section = sections->find(profile);
    if (section == sections->end()) continue;
    const auto found = section->second.find(key);
    if (found != section->second.end() && !found->second.empty()) return found->second;
  }
  return {};
}

Profiles locate_profiles(const CredentialOptions& options, const net::Environment& environment) {
  Profiles out;
  out.name = options.profile;
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
    if (out.name.empty()) out.name = variable(environment, name);
  out.named = !out.name.empty();
  if (!out.named) out.name = "default";
  out.credentials_path = home_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  out.config_path = home_file(environment, "AWS_CONFIG_FILE", "/.aws/config");
  return out;
}

base::Result<Profiles> load_profiles(Profiles located, const ReadFile& read) {
  auto credentials = load(located.credentials_path, ProfileFile::credentials, read);
  if (!credentials) return credentials.error();
  auto config = load(located.config_path, ProfileFile::config, read);
  if (!config) return config.error();
  located.credentials = std::move(*credentials);
  located.config = std::move(*config);
  if (located.named && !located.contains(located.name)) {
    return base::fail(base::Errc::not_found, fmt::format("there is no profile {} in {} or {}", located.name,
                                                         located.credentials_path, located.config_path));
  }
  return located;
}

base::Result<std::optional<Credentials>> keys_of(const Sections& sections, const std::string& profile,
                                                 const std::string& path) {
  const auto section = sections.find(profile);
  if (section == sections.end()) return std::optional<Credentials>();
  const auto value = [&](const char* key) { return variable(section->second, key); };
  Credentials found;
  found.key = {value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token")};
  found.source = fmt::format("profile {} of {}", profile, path);
  return keys(std::move(found), "aws_access_key_id", "aws_secret_access_key");
}

base::Result<std::optional<Credentials>> keys_of(const CredentialOptions& options) {
  Credentials found;
  found.key = {options.access_key_id, options.secret_access_key, options.session_token};
  found.source = "configuration";
  return keys(std::move(found), "aws.access_key_id", "aws.secret_access_key");
}

base::Result<std::optional<Credentials>> keys_of(const net::Environment& environment) {
  Credentials found;
  found.key = {variable(environment, "AWS_ACCESS_KEY_ID"), variable(environment, "AWS_SECRET_ACCESS_KEY"),
               variable(environment, "AWS_SESSION_TOKEN")};
  found.source = "environment";
  const std::string expires = variable(environment, "AWS_CREDENTIAL_EXPIRATION");
  if (!expires.empty()) {
    const auto when = base::from_rfc3339(expires);
    if (!when) return base::fail(base::Errc::invalid, "environment: AWS_CREDENTIAL_EXPIRATION is not a time");
    found.expires = *when;
  }
  return keys(std::move(found), "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

std::string unsupported_sign_in(const Profiles& profiles, const std::string& profile) {
  for (const char* key : {"sso_session", "sso_start_url", "sso_account_id", "login_session"}) {
    if (profiles.value(profile, key).empty()) continue;
    return fmt::format(
        "profile {} signs in through a browser ({}), which a daemon cannot: give it a role (web identity, "
        "Pod "
        "Identity, instance profile), role_arn with source_profile, or keys of its own",
        profile, key);
  }
  return {};
}

std::string unsupported_process(const Profiles& profiles, const std::string& profile) {
  if (profiles.value(profile, "credential_process").empty()) return {};
  return fmt::format(
      "profile {} has credential_process, and postern runs no programs: let that program write the keys into "
      "{}, which is read again when it changes, or use a role",
      profile, profiles.credentials_path);
}

}  // namespace postern::aws
