#include "opendkim.hpp"

#include <algorithm>
#include <limits>

#include "postern/mail/header_block.hpp"

#define _Bool bool  // dkim.h is C99
#include <opendkim/dkim.h>
#undef _Bool

namespace postern::dkim {

namespace {

unsigned char* octets(std::string_view text) {  // libopendkim does not write there
  return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
}

// Instead of DNS. Never DKIM_CBSTAT_DEFAULT, which means a blocking query.
DKIM_CBSTAT give_record(DKIM* dkim, DKIM_SIGINFO*, unsigned char* out, std::size_t size) {
  const auto& record = *static_cast<const std::string*>(dkim_get_user_context(dkim));
  if (record.size() >= size) return DKIM_CBSTAT_ERROR;
  *std::copy(record.begin(), record.end(), out) = '\0';
  return DKIM_CBSTAT_CONTINUE;
}

// One DKIM handle: fields, end of header, body, end of message, in that order; anything else is an assert().
class Handle {
 public:
  Handle(DKIM_LIB* library, const std::string& record) {
    static const unsigned char no_id = '\0';
    dkim_ = dkim_verify(library, &no_id, nullptr, &status_);
    if (good()) status_ = dkim_set_user_context(dkim_, const_cast<std::string*>(&record));
  }
  ~Handle() {
    if (dkim_ != nullptr) dkim_free(dkim_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool good() const { return dkim_ != nullptr && status_ == DKIM_STAT_OK; }
  void field(std::string_view text) {  // without its CRLF
    if (good()) status_ = dkim_header(dkim_, octets(text), text.size());
  }
  void end_of_header() {
    if (good()) status_ = dkim_eoh(dkim_);
  }
  void body(std::string_view bytes) {
    if (good() && !bytes.empty()) status_ = dkim_body(dkim_, octets(bytes), bytes.size());
  }
  void end_of_message() {
    if (good()) status_ = dkim_eom(dkim_, nullptr);
  }
  std::string why() const;

 private:
  DKIM* dkim_ = nullptr;
  DKIM_STAT status_ = DKIM_STAT_OK;
};

std::string Handle::why() const {
  std::string text = std::string("libopendkim: ") + dkim_getresultstr(status_);
  const char* detail = dkim_ == nullptr ? nullptr : dkim_geterror(dkim_);
  if (detail != nullptr && *detail != '\0') text += std::string(": ") + detail;
  return text;
}

}  // namespace

const Verifier& Verifier::shared() {
  static const Verifier verifier;
  return verifier;
}

Verifier::Verifier() : library_(dkim_init(nullptr, nullptr)) {
  if (library_ != nullptr) dkim_set_key_lookup(library_, give_record);
}

Verifier::~Verifier() {
  if (library_ != nullptr) dkim_close(library_);
}

base::Result<void> Verifier::verify(std::string_view header, std::string_view body,
                                    const std::string& record) const {
  if (library_ == nullptr) return base::fail(base::Errc::full, "libopendkim: no memory");
  if (record.size() > max_record)
    return base::fail(base::Errc::invalid, "the record has " + std::to_string(record.size()) +
                                               " octets, OpenDKIM reads " + std::to_string(max_record));
  const auto block = mail::HeaderBlock::parse(header, std::numeric_limits<std::size_t>::max());
  if (!block) return block.error();
  constexpr std::size_t crlf = 2;
  Handle handle(library_, record);
  for (const auto& field : block->fields())
    handle.field(std::string_view(field.raw).substr(0, field.raw.size() - crlf));
  handle.end_of_header();
  handle.body(body);
  handle.end_of_message();
  if (!handle.good()) return base::fail(base::Errc::invalid, handle.why());
  return {};
}

}  // namespace postern::dkim
