#include "postern/aws/credentials.hpp"

#include <boost/asio/this_coro.hpp>
#include <list>

#include "aws/chain.hpp"

namespace postern::aws {

namespace asio = boost::asio;

namespace {

// As the SDKs have it: from the first moment on a new one is asked for, from the second on it is waited for.
constexpr auto advisory = std::chrono::minutes(15);
constexpr auto mandatory = std::chrono::minutes(10);
// How soon the sources are asked again while what they gave still holds: a role of 15 minutes would otherwise
// be renewed at every call.
constexpr auto after_success = std::chrono::minutes(1);
constexpr auto after_failure = std::chrono::seconds(10);
constexpr auto between_looks = std::chrono::seconds(2);  // at the files

// One question to the sources, and who waits for its end.
struct Flight {
  std::optional<base::Result<Credentials>> result;  // none at the end: who asked was cancelled
  bool over = false;
  std::list<base::Timer*> waiting;

  void land() {
    over = true;
    for (auto* timer : waiting) timer->cancel();
  }
};

// Of one who waits, for as long as it waits.
class Place {
 public:
  Place(Flight& flight, base::Timer& timer)
      : flight_(flight), at_(flight.waiting.insert(flight.waiting.end(), &timer)) {}
  ~Place() { flight_.waiting.erase(at_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Flight& flight_;
  std::list<base::Timer*>::iterator at_;
};

class CachingProvider final : public CredentialProvider {
 public:
  CachingProvider(CredentialOptions options, CredentialSources sources)
      : chain_(std::move(options), std::move(sources)), clock_(chain_.sources().clock) {}

  base::Task<base::Result<Credentials>> get() override;
  void refused() override {
    cached_.reset();
    next_ask_ = base::SteadyTime::min();
  }

 private:
  enum class Need { none, soon, now };

  base::Task<void> look_at_files();
  bool holds() const { return cached_ && (!cached_->expires || *cached_->expires > clock_.wall_now()); }
  Need need() const;
  base::Task<base::Result<Credentials>> refresh();
  base::Task<bool> wait_for(std::shared_ptr<Flight> flight);
  base::Result<Credentials> take(base::Result<Credentials> found);
  base::Result<Credentials> judge(base::Result<Credentials> found) const;

  Chain chain_;
  base::Clock& clock_;
  std::optional<Credentials> cached_;
  bool changed_ = false;  // a file, since the cached ones came
  base::SteadyTime next_ask_ = base::SteadyTime::min();
  base::SteadyTime next_look_ = base::SteadyTime::min();
  std::shared_ptr<Flight> flight_;
};

base::Task<void> CachingProvider::look_at_files() {
  if (!cached_ || flight_ || clock_.steady_now() < next_look_) co_return;
  next_look_ = clock_.steady_now() + between_looks;
  const bool changed = co_await chain_.files_changed();
  if (changed && !changed_) next_ask_ = base::SteadyTime::min();
  changed_ = changed;
}

CachingProvider::Need CachingProvider::need() const {
  if (!holds()) return Need::now;
  if (clock_.steady_now() < next_ask_) return Need::none;
  if (changed_) return Need::now;
  if (!cached_->expires) return Need::none;
  const auto left = *cached_->expires - clock_.wall_now();
  if (left <= mandatory) return Need::now;
  return left <= advisory ? Need::soon : Need::none;
}

base::Task<base::Result<Credentials>> CachingProvider::get() {
  co_await look_at_files();
  for (;;) {
    const Need now = need();
    if (now == Need::none || (now == Need::soon && flight_)) co_return *cached_;
    if (!flight_) {
      auto fresh = co_await refresh();
      co_return fresh;
    }
    auto flight = flight_;
    const bool waited = co_await wait_for(flight);
    if (!waited) co_return base::fail(base::Errc::cancelled, "cancelled");
    if (flight->result) co_return *flight->result;
  }
}

base::Task<bool> CachingProvider::wait_for(std::shared_ptr<Flight> flight) {
  auto executor = co_await asio::this_coro::executor;
  auto timer = clock_.make_timer(executor);
  const Place place(*flight, *timer);
  while (!flight->over) {
    co_await timer->wait();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) continue;
    co_await asio::this_coro::reset_cancellation_state();
    co_return false;
  }
  co_return true;
}

// Whatever becomes of the one who asks, those who wait learn that it is over.
base::Task<base::Result<Credentials>> CachingProvider::refresh() {
  struct Landing {
    CachingProvider& owner;
    std::shared_ptr<Flight> flight = std::make_shared<Flight>();
    explicit Landing(CachingProvider& o) : owner(o) { owner.flight_ = flight; }
    ~Landing() {
      owner.flight_.reset();
      flight->land();
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
  };
  const Landing landing(*this);
  auto found = co_await chain_.resolve();
  const bool cancelled = !found && found.error().code == base::Errc::cancelled;
  if (cancelled) co_return found;
  landing.flight->result = take(std::move(found));
  co_return *landing.flight->result;
}

// Credentials that have run out are none, but for those of IMDS: during an outage it goes on giving the old
// ones, and AWS goes on taking them.
base::Result<Credentials> CachingProvider::judge(base::Result<Credentials> found) const {
  if (!found || !found->expires || *found->expires > clock_.wall_now()) return found;
  if (found->source == "imds") {
    constexpr std::uint64_t least = 120, span = 481;  // seconds: two to ten minutes
    const auto jitter = std::chrono::seconds(least + chain_.sources().random.next() % span);
    found->expires = clock_.wall_now() + advisory + jitter;
    return found;
  }
  return base::fail(base::Errc::unavailable, found->source + ": these credentials have expired at " +
                                                 base::to_rfc3339(*found->expires));
}

base::Result<Credentials> CachingProvider::take(base::Result<Credentials> found) {
  found = judge(std::move(found));
  const auto now = clock_.steady_now();
  if (found) {
    cached_ = *found;
    changed_ = false;
    next_ask_ = now + after_success;
    return found;
  }
  next_ask_ = now + after_failure;
  if (!holds()) return found;
  auto* log = chain_.sources().log;
  if (log != nullptr) {
    log->warn("aws_credentials_not_refreshed",
              {{"source", cached_->source}, {"reason", found.error().message}});
  }
  return *cached_;
}

}  // namespace

std::unique_ptr<CredentialProvider> make_credential_provider(CredentialOptions options,
                                                             CredentialSources sources) {
  return std::make_unique<CachingProvider>(std::move(options), std::move(sources));
}

}  // namespace postern::aws
