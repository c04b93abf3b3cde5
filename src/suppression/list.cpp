#include "postern/suppression/list.hpp"

#include <algorithm>

#include "postern/mail/address.hpp"
#include "suppression/stored_list.hpp"
#include "suppression/writing.hpp"

namespace postern::suppression {

namespace {

// Entries on their way into the store, in the order of the keys.
struct ImportWork {
  std::vector<Entry> entries;
  std::size_t at = 0;
  std::size_t added = 0;
};

base::Result<bool> import_some(ImportWork& work, Store& store) {
  const auto rest = std::span<const Entry>(work.entries).subspan(work.at);
  const auto slice = rest.first(std::min(store.slice().size(), rest.size()));
  const bool more = slice.size() < rest.size();
  const auto added = store.put(slice, more);
  if (added.has_error()) return added.error();
  work.added += *added;
  work.at += slice.size();
  return more;
}

// As SQLite compares the look-up keys, without making them.
bool key_order(const std::string& a, const std::string& b) {
  const auto lower = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte + 0;
  };
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

base::Result<void> check(const Entry& entry) {
  const auto mailbox = mail::parse_mailbox(entry.address);
  if (mailbox.has_error() || mailbox->empty())
    return base::fail(base::Errc::invalid, "not a mail address: " + entry.address);
  return {};
}

base::Counter& answered(base::Metrics& metrics, const char* from) {
  return metrics.counter("postern_suppression_lookups_total",
                         "Look-ups on the suppression list by where the answer was found.",
                         {{"answered", from}});
}

}  // namespace

StoredList::StoredList(std::shared_ptr<Store> store, std::shared_ptr<FilterBuilds> builds, base::Pool& disk,
                       base::BooksWriter& writer, base::Log& log, base::Metrics& metrics)
    : store_(std::move(store)),
      builds_(std::move(builds)),
      disk_(disk),
      writer_(writer),
      log_(log),
      from_memory_(answered(metrics, "memory")),
      from_disk_(answered(metrics, "disk")) {}

void StoredList::stop() {
  if (builds_) builds_->stop();
}

void StoredList::changed() {
  if (builds_) builds_->look();
}

bool StoredList::known_absent(const std::string& key) const {
  return store_->size() == 0 || store_->prefilter().excludes(key);
}

base::Task<base::Result<std::optional<Entry>>> StoredList::find(std::string address) {
  std::string key = mail::lookup_key(address);
  if (known_absent(key)) {
    from_memory_.add();
    co_return std::optional<Entry>();
  }
  from_disk_.add();
  auto look = [store = store_, key = std::move(key)] { return store->find(key); };
  auto found = co_await base::offload(disk_, std::move(look));
  co_return found;
}

base::Task<base::Result<void>> StoredList::add(Entry entry) {
  const auto checked = check(entry);
  if (checked.has_error()) co_return checked.error();
  std::function<base::Result<std::size_t>(Store&)> slice = [entry](Store& store) {
    return store.put(std::span(&entry, 1));
  };
  const auto added = co_await write(writer_, store_, std::move(slice));
  if (added.has_error()) co_return added.error();
  changed();
  log_.info("suppression", {{"status", "added"}, {"to", entry.address}, {"reason", entry.reason}});
  co_return base::Result<void>();
}

base::Task<base::Result<bool>> StoredList::remove(std::string address) {
  const auto removed = co_await take_off(std::move(address), std::nullopt);
  if (removed.has_error()) co_return removed.error();
  co_return removed->own || removed->listed;
}

// Neighbours are written together, so a small cache is enough; of several entries for one address the last
// stands.
base::Task<base::Result<std::size_t>> StoredList::import(std::vector<Entry> entries) {
  if (entries.empty()) co_return std::size_t{0};
  auto work = std::make_shared<ImportWork>(ImportWork{std::move(entries)});
  auto sorting = [work] { std::ranges::stable_sort(work->entries, key_order, &Entry::address); };
  co_await base::offload(disk_, std::move(sorting));
  Step step = [work](Store& store) { return import_some(*work, store); };
  const auto done = co_await to_the_end(writer_, store_, std::move(step));
  changed();
  if (done.has_error()) co_return done.error();
  log_.info("suppression", {{"status", "imported"}, {"entries", work->entries.size()}, {"new", work->added}});
  co_return work->added;
}

base::Task<base::Result<std::vector<Entry>>> StoredList::list(std::size_t limit, std::string after_address) {
  auto look = [store = store_, limit, key = mail::lookup_key(after_address)] {
    return store->list(limit, key);
  };
  auto found = co_await base::offload(disk_, std::move(look));
  co_return found;
}

base::Result<std::unique_ptr<List>> List::open(const std::string& directory, base::Executor loop,
                                               base::Pool& disk, base::BooksWriter& writer, base::Log& log,
                                               base::Metrics& metrics, LookUps expected) {
  auto store = Store::open(directory);
  if (store.has_error()) return store.error();
  metrics.gauge_function("postern_suppression_entries", "Addresses on the suppression list.", {},
                         [counter = (*store)->counter()] { return static_cast<double>(counter->load()); });
  std::shared_ptr<FilterBuilds> builds;
  if (expected == LookUps::many)
    builds = std::make_shared<FilterBuilds>(*store, std::move(loop), disk, writer, log);
  if (builds) builds->look();
  return std::unique_ptr<List>(
      std::make_unique<StoredList>(std::move(*store), std::move(builds), disk, writer, log, metrics));
}

}  // namespace postern::suppression
