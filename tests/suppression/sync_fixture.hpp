// A list on disk with the other side of it, and words for what passes bring.
#pragma once

#include <gtest/gtest.h>

#include "postern/suppression/list.hpp"
#include "postern/suppression/sync_target.hpp"
#include "support/books.hpp"

namespace postern::suppression::test {

using Names = std::vector<std::string>;

struct Opened {
  std::unique_ptr<support::Books> books;
  std::unique_ptr<List> list;

  // The directory outlives the books: a restart opens it again.
  void open(const std::string& directory) {
    books = std::make_unique<support::Books>();
    list = std::move(List::open(directory, books->loop.get_executor(), books->disk, books->writer, books->log,
                                books->metrics)
                         .value());
    list->sync_target()->set_ses_time([clock = &books->clock] { return clock->wall_now(); });
  }
  void close() {
    list.reset();
    books.reset();
  }

  SyncTarget& sync() { return *list->sync_target(); }
  base::WallTime now() const { return books->clock.wall_now(); }
  SyncState state() { return books->wait(sync().sync_state()).value(); }
  std::optional<Entry> find(const std::string& address) { return books->wait(list->find(address)).value(); }
  bool listed(const std::string& address) { return find(address).has_value(); }
  Names addresses(std::size_t limit = 100, const std::string& after = {}) {
    Names out;
    for (const auto& e : books->wait(list->list(limit, after)).value()) out.push_back(e.address);
    return out;
  }

  base::Result<void> begin(PassKind kind) { return books->wait(sync().begin(kind, "here BOUNCE", now())); }
  base::Result<PageResult> page(PassKind kind, std::vector<Listed> entries, std::string next) {
    Page one{std::move(entries), std::move(next), now()};
    return books->wait(sync().add_page(kind, std::move(one)));
  }
  base::Result<void> finish(PassKind kind) { return books->wait(sync().finish(kind, now())); }
  Listed listed_as(const std::string& address, const std::string& reason = "BOUNCE") const {
    return {address, reason, now() - std::chrono::hours(1)};
  }
  std::vector<Listed> listing(const Names& names) const {
    std::vector<Listed> out;
    for (const auto& name : names) out.push_back(listed_as(name + "@example.com"));
    return out;
  }
  base::Result<void> pass(PassKind kind, const Names& names) {
    const auto begun = begin(kind);
    if (begun.has_error()) return begun.error();
    const auto added = page(kind, listing(names), "");
    if (added.has_error()) return added.error();
    return finish(kind);
  }
  base::Result<void> full(const Names& names) { return pass(PassKind::full, names); }
  base::Result<void> changes(const Names& names) { return pass(PassKind::changes, names); }
  void add(const std::string& address, const std::string& reason = "MANUAL") {
    ASSERT_TRUE(books->wait(list->add({address, reason, "manual", now()})).has_value());
  }
  void remove_everywhere(const std::string& address) {
    const auto removed = books->wait(sync().remove_everywhere(address));
    EXPECT_TRUE(removed.has_value() && (removed->own || removed->listed)) << address;
  }
  bool remove(const std::string& address) { return books->wait(list->remove(address)).value(); }
  int sweep() {
    int slices = 0;
    while (books->wait(sync().sweep()).value()) ++slices;
    return slices;
  }
};

}  // namespace postern::suppression::test
