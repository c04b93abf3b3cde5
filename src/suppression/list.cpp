#include "postern/suppression/list.hpp"

#include <algorithm>

#include "postern/mail/address.hpp"
#include "suppression/stored_list.hpp"
#include "suppression/writing.hpp"

namespace postern::suppression {

namespace {

// About 5 ms with its sync: nobody who waits for the books writer notices an import.
constexpr std::size_t slice_entries = 500;

struct Import {
  std::shared_ptr<Store> store;
  base::BooksWriter& writer;
  std::vector<Entry> entries;
  std::function<void()> done;
  std::size_t at = 0;
  base::Result<std::size_t> added = std::size_t{0};
};

void import_slice(const std::shared_ptr<Import>& import) {
  const auto rest = std::span<const Entry>(import->entries).subspan(import->at);
  const auto slice = rest.first(std::min(slice_entries, rest.size()));
  const auto added = import->store->put(slice);
  if (added.has_error()) {
    import->added = added.error();
    return import->done();
  }
  *import->added += *added;
  import->at += slice.size();
  import->writer.post([store = import->store] { store->checkpoint_if_due();
});
if (import->at == import->entries.size()) return import->done();
  import->writer.post([import] { import_slice(import);
  });
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

  }  // namespace

  base::Task<base::Result<std::optional<Entry>>> StoredList::find(std::string address) {
    if (store_->size() == 0) co_return std::optional<Entry>();
    auto look = [store = store_, key = mail::lookup_key(address)] { return store->find(key); };
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
    log_.info("suppression", {{"status", "added"}, {"to", entry.address}, {"reason", entry.reason}});
    co_return base::Result<void>();
  }

  base::Task<base::Result<bool>> StoredList::remove(std::string address) {
    const auto removed = co_await remove_everywhere(std::move(address));
    if (removed.has_error()) co_return removed.error();
    co_return removed->own || removed->listed;
  }

  // In the order of the keys, so that neighbours are written together and a small cache is enough; of several
  // entries for one address the last stands.
  base::Task<base::Result<std::size_t>> StoredList::import(std::vector<Entry> entries) {
    if (entries.empty()) co_return std::size_t{0};
    auto import =
        std::make_shared<Import>(Import{store_, writer_, std::move(entries), {}, 0, std::size_t{0}});
  std::function<void(std::function<void()>)> start = [&](std::function<void()> resume) {
    import->done = std::move(resume);
    disk_.post([import] {
      std::ranges::stable_sort(import->entries, key_order, &Entry::address);
      import->writer.post([import] { import_slice(import);
    });
    });
  };
  co_await base::suspend(std::move(start));
  if (import->added.has_value())
    log_.info("suppression",
              {{"status", "imported"}, {"entries", import->entries.size()}, {"new", *import->added}});
  co_return import->added;
  }

  base::Task<base::Result<std::vector<Entry>>> StoredList::list(std::size_t limit,
                                                                std::string after_address) {
    auto look = [store = store_, limit, key = mail::lookup_key(after_address)] {
      return store->list(limit, key);
    };
    auto found = co_await base::offload(disk_, std::move(look));
    co_return found;
  }

  base::Result<std::unique_ptr<List>> List::open(const std::string& directory, base::Executor,
                                                 base::Pool& disk, base::BooksWriter& writer, base::Log& log,
                                                 base::Metrics& metrics) {
    auto store = Store::open(directory);
    if (store.has_error()) return store.error();
    metrics.gauge_function("postern_suppression_entries", "Addresses on the suppression list.", {},
                           [counter = (*store)->counter()] { return static_cast<double>(counter->load()); });
    return std::unique_ptr<List>(std::make_unique<StoredList>(std::move(*store), disk, writer, log));
  }

  }  // namespace postern::suppression
