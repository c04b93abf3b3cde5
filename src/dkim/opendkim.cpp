#include "opendkim.hpp"

#include <algorithm>
#include <chrono>

#define _Bool bool  // dkim.h is C99
#include <opendkim/dkim.h>
#undef _Bool

namespace postern::dkim {

namespace {

constexpr std::string_view field_start = DKIM_SIGNHEADER ": ";

unsigned char* octets(std::string_view text) {  // libopendkim does not write there
  return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
}

const unsigned char* c_string(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.c_str());
}

// One DKIM handle: fields, end of header, body, end of message, in that order; anything else is an assert().
class Handle {
 public:
  Handle(DKIM_LIB* library, const SigningKey& key) {
    dkim_ = dkim_sign(library, c_string(no_id_), nullptr, octets(key.pem), c_string(key.selector),
                      c_string(key.domain), DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1,
                      &status_);
  }
  ~Handle() {
    if (dkim_ != nullptr) dkim_free(dkim_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool good() const { return dkim_ != nullptr && status_ == DKIM_STAT_OK; }
  void field(std::string_view text) {
    if (good()) status_ = dkim_header(dkim_, octets(text), text.size());
  }
  void end_of_header() {
    if (good()) status_ = dkim_eoh(dkim_);
  }
  void body(std::string_view bytes) {
    if (good() && !bytes.empty()) status_ = dkim_body(dkim_, octets(bytes), bytes.size());
  }
  void end_of_message();
  std::string signature_field();
  base::Error error() const;

 private:
  static inline const std::string no_id_{};
  DKIM* dkim_ = nullptr;
  DKIM_STAT status_ = DKIM_STAT_OK;
};

void Handle::end_of_message() {
  if (!good()) return;
  status_ = dkim_eom(dkim_, nullptr);
  // RSA_sign failed: the RSA is freed, but its pointer kept, so that dkim_free would free it again. Rather
  // lose the handle's memory; the key was proved at start, so this does not happen twice a day.
  if (status_ == DKIM_STAT_INTERNAL) dkim_ = nullptr;
}

std::string Handle::signature_field() {
  unsigned char* text = nullptr;
  std::size_t size = 0;
  if (!good()) return "";
  // The width of what precedes must be the one that dkim_eom assumed, or the folding differs from the one
  // that was signed.
  status_ = dkim_getsighdr_d(dkim_, field_start.size(), &text, &size);
  if (status_ != DKIM_STAT_OK) return "";
  std::string field(field_start);
  field.append(reinterpret_cast<const char*>(text), size);
  field += "\r\n";
  return field;
}

base::Error Handle::error() const {
  const char* detail = dkim_ == nullptr ? nullptr : dkim_geterror(dkim_);
  std::string message = std::string("libopendkim: ") + dkim_getresultstr(status_);
  if (detail != nullptr && *detail != '\0') message += std::string(": ") + detail;
  const bool ours = status_ == DKIM_STAT_SYNTAX;
  return base::fail(ours ? base::Errc::invalid : base::Errc::unavailable, std::move(message));
}

bool configure(DKIM_LIB* library) {
  // From a second time: a From put above ours breaks the signature (RFC 6376 8.15). Nothing else, since SES
  // adds fields of its own.
  const char* oversigned[] = {"From", nullptr};
  unsigned int flags = DKIM_LIBFLAGS_NONE;  // no l=, no z=, no temporary files, no strict header checks
  return dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
         dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS, oversigned, sizeof(char**)) ==
             DKIM_STAT_OK;
}

bool set_time(DKIM_LIB* library, base::WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  auto t = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1));  // 0 would mean the system's time
  return dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FIXEDTIME, &t, sizeof t) == DKIM_STAT_OK;
}

}  // namespace

base::Result<std::unique_ptr<Engine>> Engine::create() {
  DKIM_LIB* library = dkim_init(nullptr, nullptr);
  if (library == nullptr) return base::fail(base::Errc::full, "libopendkim: no memory");
  std::unique_ptr<Engine> engine(new Engine(library));
  if (!configure(library)) return base::fail(base::Errc::unavailable, "libopendkim refuses its options");
  return engine;
}

Engine::~Engine() {
  dkim_close(library_);
}

base::Result<std::string> Engine::sign(const SigningKey& key, const std::vector<std::string_view>& fields,
                                       const BodySource& body, base::WallTime now) {
  if (!set_time(library_, now)) return base::fail(base::Errc::unavailable, "libopendkim refuses the time");
  Handle handle(library_, key);
  for (const auto field : fields) handle.field(field);
  handle.end_of_header();
  while (handle.good()) {
    const auto portion = body();
    if (!portion) return portion.error();
    if (portion->empty()) break;
    handle.body(*portion);
  }
  handle.end_of_message();
  auto field = handle.signature_field();
  if (!handle.good()) return handle.error();
  return field;
}

}  // namespace postern::dkim
