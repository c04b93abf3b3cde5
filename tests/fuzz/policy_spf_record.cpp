// Any TXT record: parsing says yes or names the term; what was accepted holds what the grammar promises, and
// its macros expand to something that DNS can carry or that is recognised as none.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/spf_grammar.hpp"
#include "policy/spf_macro.hpp"
#include "policy/spf_record.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

policy::MacroValues values(std::string_view input) {
  policy::MacroValues out;
  out.local_part = input.substr(0, 64);
  out.sender_domain = "example.org";
  out.domain = "a.very.long.example.com";
  out.ip = net::IpAddress::parse("2001:db8::1").value();
  out.validated = "unknown";
  out.helo = input.substr(0, 255);
  return out;
}

void check_expansion(std::string_view domain_spec, std::string_view input) {
  if (domain_spec.empty()) return;
  require(policy::check_domain_spec(domain_spec).has_value());
  require(policy::expand_domain_spec(domain_spec, values(input)).size() <= 253);
}

void check_directive(const policy::SpfDirective& directive, std::string_view input) {
  require(is_inside(directive.text, input) && is_inside(directive.domain_spec, directive.text));
  require(directive.prefix4 >= 0 && directive.prefix4 <= 32);
  require(directive.prefix6 >= 0 && directive.prefix6 <= 128);
  check_expansion(directive.domain_spec, input);
  const auto network = policy::network_of(directive.address, directive);
  require(network.contains(directive.address) && network.contains(network.address));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto record = policy::parse_spf_record(input);
  const auto checked = policy::check_spf_record(input);
  require(record.has_value() == checked.has_value());
  if (record) {
    require(policy::is_spf_record(input));
    for (const char c : input) require(c == ' ' || policy::is_visible(c));
    for (const auto& directive : record->directives) check_directive(directive, input);
    check_expansion(record->redirect.domain_spec, input);
    check_expansion(record->exp.domain_spec, input);
  } else {
    require(!checked.error().message.empty() && checked.error().message.size() < 1000 + 2 * size);
  }
  if (policy::check_explanation(input))
    require(policy::expand_explanation(input, values(input)).size() <= 500);
  return 0;
}
