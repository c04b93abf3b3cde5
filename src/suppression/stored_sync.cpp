// StoredList as SyncTarget: pages cut into slices of the books writer.
#include <algorithm>

#include "postern/mail/address.hpp"
#include "suppression/stored_list.hpp"
#include "suppression/writing.hpp"

namespace postern::suppression {

namespace {

// A page on its way into the store, a slice at a time.
struct PageWork {
  PassKind kind;
  std::vector<ListedRow> rows;
  PageEnd end;
  std::size_t at = 0;
  std::int64_t run = 0;
};

base::Result<Pass> page_slice(PageWork& work, Store& store) {
  const auto rest = std::span<const ListedRow>(work.rows).subspan(work.at);
  const auto slice = rest.first(std::min(store.slice().size(), rest.size()));
  work.at += slice.size();
  store.slice().begin();
  auto added = store.add(work.kind, work.run, slice, work.at == work.rows.size() ? &work.end : nullptr);
  store.slice().end();
  return added;
}

// Runs on their way into one, or into the list.
struct MergeWork {
  MergeWork(PassKind k, std::vector<std::int64_t> runs) : kind(k), from(std::move(runs)), merge(from) {}
  PassKind kind;
  std::vector<std::int64_t> from;
  Merge merge;
  std::int64_t into = 0;
};

// In the order of the keys: a page is a run.
std::shared_ptr<PageWork> prepare(PassKind kind, const Page& page, std::string& first_skipped) {
  auto work = std::make_shared<PageWork>();
  work->kind = kind;
  work->end = {page.next_token, page.when, 0, 0, page.entries.empty() && !page.next_token.empty()};
  for (const auto& entry : page.entries) {
    if (auto row = row_of(entry)) {
      work->rows.push_back(std::move(*row));
    } else if (++work->end.skipped == 1) {
      first_skipped = entry.address;
    }
  }
  work->end.entries = work->rows.size();
  std::ranges::sort(work->rows, {}, &ListedRow::key);
  return work;
}

}  // namespace

base::Task<base::Result<PageResult>> StoredList::add_page(PassKind kind, Page page) {
  PageResult result;
  auto sorting = [kind, page = std::move(page), &result] {
    return prepare(kind, page, result.first_skipped);
  };
  const auto work = co_await base::offload(disk_, std::move(sorting));
  result.skipped = work->end.skipped;
  do {
    std::function<base::Result<Pass>(Store&)> slice = [work](Store& store) {
      return page_slice(*work, store);
    };
    auto added = co_await write(writer_, store_, std::move(slice));
    if (added.has_error()) co_return added.error();
    result.pass = std::move(*added);
  } while (work->at < work->rows.size());
  const auto tidied = co_await merge_crowded(kind);
  if (tidied.has_error()) co_return tidied.error();
  co_return result;
}

base::Task<base::Result<void>> StoredList::merge_crowded(PassKind kind) {
  for (;;) {
    std::function<base::Result<std::vector<std::int64_t>>(Store&)> ask = [kind](Store& store) {
      return store.crowded_runs(kind);
    };
    auto crowded = co_await write(writer_, store_, std::move(ask));
    if (crowded.has_error()) co_return crowded.error();
    if (crowded->empty()) co_return base::Result<void>();
    auto work = std::make_shared<MergeWork>(kind, std::move(*crowded));
    Step merge = [work](Store& store) { return store.merge_runs(work->merge, work->into, work->from); };
    const auto merged = co_await to_the_end(writer_, store_, std::move(merge));
    if (merged.has_error()) co_return merged.error();
    Step erase = [](Store& store) { return store.erase_stale(); };
    const auto erased = co_await to_the_end(writer_, store_, std::move(erase));
    if (erased.has_error()) co_return erased.error();
  }
}

base::Task<base::Result<SyncState>> StoredList::sync_state() {
  auto look = [store = store_] { return store->state(); };
  auto state = co_await base::offload(disk_, std::move(look));
  co_return state;
}

base::Task<base::Result<void>> StoredList::begin(PassKind kind, std::string scope, base::WallTime started) {
  std::function<base::Result<void>(Store&)> slice = [kind, scope, started](Store& store) {
    return store.begin(kind, scope, started);
  };
  const auto begun = co_await write(writer_, store_, std::move(slice));
  co_return begun;
}

base::Task<base::Result<void>> StoredList::finish(PassKind kind, base::WallTime now) {
  const auto finished = co_await move_over(kind, now);
  changed();
  co_return finished;
}

base::Task<base::Result<void>> StoredList::move_over(PassKind kind, base::WallTime now) {
  std::function<base::Result<std::vector<std::int64_t>>(Store&)> begin_it = [kind](Store& store) {
    return store.begin_finish(kind);
  };
  auto runs = co_await write(writer_, store_, std::move(begin_it));
  if (runs.has_error()) co_return runs.error();
  auto work = std::make_shared<MergeWork>(kind, std::move(*runs));
  Step merge = [work, now](Store& store) { return store.merge_some(work->kind, work->merge, now); };
  auto merged = co_await to_the_end(writer_, store_, std::move(merge));
  if (merged.has_error() || kind != PassKind::full) co_return merged;
  std::function<base::Result<void>(Store&)> switch_it = [now](Store& store) {
    return store.switch_over(now);
  };
  const auto switched = co_await write(writer_, store_, std::move(switch_it));
  co_return switched;
}

base::Task<base::Result<void>> StoredList::abandon(PassKind kind, std::optional<Doubt> doubt) {
  std::function<base::Result<void>(Store&)> slice = [kind, doubt](Store& store) {
    return store.abandon(kind, doubt);
  };
  const auto abandoned = co_await write(writer_, store_, std::move(slice));
  co_return abandoned;
}

base::Task<base::Result<bool>> StoredList::sweep() {
  std::function<base::Result<bool>(Store&)> slice = [](Store& store) {
    store.slice().begin();
    auto swept = store.sweep_some();
    store.slice().end();
    return swept;
  };
  auto swept = co_await write(writer_, store_, std::move(slice));  // const: see write()
  co_return swept;
}

base::Task<base::Result<void>> StoredList::put_listed(Listed entry) {
  const auto row = row_of(entry);
  if (!row) co_return base::fail(base::Errc::invalid, "not a mail address: " + entry.address);
  std::function<base::Result<void>(Store&)> slice = [row = *row](Store& store) {
    return store.put_listed(row);
  };
  const auto put = co_await write(writer_, store_, std::move(slice));
  changed();
  if (put.has_value())
    log_.info("suppression",
              {{"status", "added"}, {"to", entry.address}, {"reason", entry.reason}, {"source", ses_source}});
  co_return put;
}

base::Task<base::Result<Removed>> StoredList::remove_everywhere(std::string address) {
  const auto removed = co_await take_off(std::move(address), ses_time_());
  co_return removed;
}

base::Task<base::Result<Removed>> StoredList::take_off(std::string address,
                                                       std::optional<base::WallTime> at_ses) {
  std::function<base::Result<Removed>(Store&)> slice =
      [key = mail::lookup_key(address), at_ses](Store& store) { return store.remove(key, at_ses); };
  const auto removed = co_await write(writer_, store_, std::move(slice));
  changed();
  if (removed.has_value() && (removed->own || removed->listed))
    log_.info("suppression",
              {{"status", "removed"}, {"to", address}, {"own", removed->own}, {"ses", removed->listed}});
  co_return removed;
}

base::Task<base::Result<std::vector<Listed>>> StoredList::spellings(std::string address) {
  auto look = [store = store_, key = mail::lookup_key(address)] { return store->spellings(key); };
  auto found = co_await base::offload(disk_, std::move(look));
  co_return found;
}

}  // namespace postern::suppression
