// The canonical forms: the body comes out the same in one portion as in many, without what relaxed takes out,
// and canonical text stays as it is; the field likewise. The key record, beside them: what parses has a p=.
// The first octet of the input says how the body is split.
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "dkim/canonical.hpp"
#include "dkim/key_record.hpp"

using namespace postern;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> relaxed(std::string_view body, std::size_t portion) {
  std::string out;
  dkim::RelaxedBody form([&out](std::string_view bytes) { out += bytes; });
  for (; !body.empty(); body.remove_prefix(std::min(portion, body.size()))) {
    if (!form.feed(body.substr(0, portion))) return std::nullopt;
  }
  form.finish();
  return out;
}

std::string relaxed_field(std::string_view field) {
  std::string out;
  dkim::append_relaxed_field(field, out);
  return out;
}

bool holds(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

void try_body(std::string_view body, std::size_t portion) {
  const auto whole = relaxed(body, body.size() + 1);
  require(whole == relaxed(body, portion));
  require(whole == relaxed(body, 1));
  if (!whole || whole->empty()) return;
  require(whole->ends_with("\r\n") && !whole->ends_with("\r\n\r\n") && *whole != "\r\n");
  for (const auto gone : {"  ", "\t", " \r\n"}) require(!holds(*whole, gone));
  require(relaxed(*whole, portion) == whole);
  require(relaxed(std::string(body) + (body.ends_with("\r") ? "\n \r\n" : "\r\n \r\n"), portion) == whole);
}

void try_field(std::string_view field) {
  const auto once = relaxed_field(field);
  require(once.find(':') != std::string::npos && relaxed_field(once) == once);
  const auto value = once.substr(once.find(':') + 1);
  require(!value.starts_with(' ') && !value.ends_with(' '));
  for (const auto gone : {"  ", "\t", "\r", "\n"}) require(!holds(value, gone));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try_body(bytes, data[0] % 64 + std::size_t{1});
  try_field(bytes);
  const auto record = dkim::parse_key_record(bytes);
  if (!record) return 0;
  require(record->has("p"));
  const auto key = dkim::decode_key_data(record->value("p"));
  require(!key || key->size() <= record->value("p").size());
  return 0;
}
