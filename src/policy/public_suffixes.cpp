#include <libpsl.h>

#include <stdexcept>

#include "dmarc_names.hpp"
#include "postern/policy/dmarc.hpp"

namespace postern::policy {

namespace {

struct Free {
  void operator()(psl_ctx_t* list) const { psl_free(list); }
};

class LibpslSuffixes final : public PublicSuffixes {
 public:
  // The list of the package publicsuffix where it is newer than the one inside libpsl: receivers use a new
  // one.
  LibpslSuffixes() : list_(psl_latest(nullptr)) {
    if (!list_) throw std::runtime_error("libpsl has no public suffix list");
  }

  std::string organizational_domain(std::string_view domain) const override {
    auto name = normal_domain(domain);
    const bool malformed =
        name.starts_with('.') || name.find("..") != std::string::npos || name.find('\0') != std::string::npos;
    if (malformed) return name;
    const char* found = psl_registrable_domain(list_.get(), name.c_str());
    return found == nullptr ? name : std::string(found);
  }

 private:
  std::unique_ptr<psl_ctx_t, Free> list_;
};

}  // namespace

std::shared_ptr<const PublicSuffixes> PublicSuffixes::builtin() {
  return std::make_shared<LibpslSuffixes>();
}

}  // namespace postern::policy
