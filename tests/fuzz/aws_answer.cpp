// What AWS, somebody in its place, or a file of profiles says: any bytes become a value or an error with a
// short message, and a value keeps what the readers promise. The first byte chooses the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "aws/metadata.hpp"
#include "aws/role_plan.hpp"
#include "aws/ses_answer.hpp"
#include "aws/sts.hpp"
#include "aws/xml.hpp"

namespace {

using namespace postern;

void check(bool good) {
  if (!good) std::abort();
}

void check(const base::Error& error) {
  check(!error.message.empty() && error.message.size() < 1500);
}

void read_one_page(std::string_view text) {
  const auto page = aws::read_page(text);
  if (!page) return check(page.error());
  for (const auto& row : page->addresses) check(!row.address.empty() && !row.reason.empty());
}

void read_other_answers(std::string_view text) {
  const auto account = aws::read_account(text);
  if (!account) check(account.error());
  const auto one = aws::read_suppressed(text);
  if (one) check(!one->address.empty());
  (void)aws::read_configuration_set(text);
  const auto metadata = aws::read_metadata_answer(text, "imds");
  if (metadata) check(!metadata->key.access_key_id.empty() && !metadata->key.secret_access_key.empty());
}

// The first byte is the status, the rest of the first line the header, the rest the body.
void read_error(std::string_view text) {
  if (text.empty()) return;
  net::HttpResponse answer;
  answer.status = 300 + 2 * static_cast<unsigned char>(text.front());
  const auto end = std::min(text.find('\n'), text.size());
  answer.headers["x-amzn-errortype"] = std::string(text.substr(1, std::max<std::size_t>(end, 1) - 1));
  answer.body = std::string(text.substr(std::min(end + 1, text.size())));
  const auto refusal = aws::read_refusal(answer);
  const auto error = aws::error_of(refusal, "GetAccount", "environment");
  check(error);
  for (const char c : error.message) check(c >= ' ' && c < 0x7f);
}

void read_sts(std::string_view text) {
  aws::RoleRequest role{"arn:r", "n", {}, {}, "topsecrettoken"};
  net::HttpResponse answer;
  answer.body = std::string(text);
  for (const int status : {200, 400}) {
    answer.status = status;
    const auto found = aws::read_sts_answer(answer, role);
    if (found) {
      check(found->expires && !found->key.session_token.empty());
    } else {
      check(found.error());
      check(found.error().message.find("topsecrettoken") == std::string::npos);
    }
  }
  (void)aws::parse_xml(text);
}

void read_profiles(std::string_view text) {
  for (const auto kind : {aws::ProfileFile::credentials, aws::ProfileFile::config}) {
    const auto sections = aws::parse_profiles(text, kind);
    if (!sections) {
      check(sections.error());
      continue;
    }
    aws::Profiles profiles;
    profiles.name = "default";
    profiles.config = *sections;
    const auto plan = aws::plan_roles(profiles);
    if (plan) check(plan->source_profile.empty() || plan->credential_source.empty());
    (void)aws::keys_of(*sections, "default", "f");
    (void)aws::unsupported_sign_in(profiles, "default");
    (void)aws::unsupported_process(profiles, "default");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      read_one_page(text);
      break;
    case 1:
      read_other_answers(text);
      break;
    case 2:
      read_error(text);
      break;
    case 3:
      read_sts(text);
      break;
    default:
      read_profiles(text);
  }
  return 0;
}
