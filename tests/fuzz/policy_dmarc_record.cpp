// DMARC records as strangers publish them: what is read is within bounds, and reads the same when written in
// the form that postern proposes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postern/policy/dmarc.hpp"

using namespace postern::policy;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

std::string written(const DmarcRecord& record) {
  std::string out = "v=DMARC1; p=" + std::string(to_string(record.policy));
  if (record.subdomain_policy) out += "; sp=" + std::string(to_string(*record.subdomain_policy));
  if (record.nonexistent_policy) out += "; np=" + std::string(to_string(*record.nonexistent_policy));
  out += record.dkim == AlignmentMode::strict ? "; adkim=s" : "";
  out += record.spf == AlignmentMode::strict ? "; aspf=s" : "";
  out += "; pct=" + std::to_string(record.percent) + (record.testing ? "; t=y" : "");
  out += std::string("; psd=") + record.public_suffix;
  return out;
}

void check_record(const DmarcRecord& record, std::string_view input) {
  check(record.text == input);
  check(record.percent >= 0 && record.percent <= 100);
  check(std::string_view("ynu").find(record.public_suffix) != std::string_view::npos);
  for (const auto& uri : record.aggregate_reports) check(uri.find(':') != std::string::npos);
  const auto again = parse_dmarc(written(record));
  check(again && written(*again) == written(record));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto record = parse_dmarc(input);
  if (record) check_record(*record, input);
  if (!record) check(!record.error().message.empty() && record.error().message.size() < 200);
  return 0;
}
