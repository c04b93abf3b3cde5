#include <algorithm>

#include "support/faulty_vfs.hpp"
#include "suppression/sync_fixture.hpp"

namespace postern::suppression::test {
namespace {

struct SyncFaultTest : testing::Test, Opened {
  support::FaultyVfs vfs;
  support::TempDir directory;
  const Names old_list{"a@example.com", "b@example.com", "own@example.com"};
  const Names new_list{"b@example.com", "c@example.com", "d@example.com", "own@example.com"};

  SyncFaultTest() { open(directory.path()); }
  void fill() {
    add("own@example.com");
    ASSERT_TRUE(full({"a", "b"}).has_value());
    sweep();
  }
  // As far as it comes; true: to its end.
  bool whole_pass() {
    if (begin(PassKind::full).has_error()) return false;
    if (page(PassKind::full, listing({"b", "c"}), "t").has_error()) return false;
    if (page(PassKind::full, listing({"d", "own"}), "").has_error()) return false;
    if (finish(PassKind::full).has_error()) return false;
    for (;;) {
      const auto more = books->wait(sync().sweep());
      if (more.has_error()) return false;
      if (!*more) return true;
    }
  }
  // One crash at this step of a pass; false: the pass has fewer.
  bool crash_at(std::uint64_t step, bool power) {
    vfs.fail_at(step, support::FaultyVfs::Fault::crash);
    const bool ended = whole_pass();
    const bool fired = vfs.fired();
    close();
    if (power) {
      vfs.power_loss([at = step]() mutable { return (++at * 2654435761u >> 7) % 2 == 0; });
    } else {
      vfs.restart();
    }
    open(directory.path());
    if (ended) {
      EXPECT_EQ(addresses(), new_list) << step;
    }
    return fired;
  }
  void expect_whole(std::uint64_t step) {
    const auto found = addresses();
    EXPECT_TRUE(found == old_list || found == new_list) << step << ": " << testing::PrintToString(found);
    EXPECT_EQ(list->size(), found.size()) << step;
    sweep();
    EXPECT_EQ(addresses(), found) << step;
  }
};

TEST_F(SyncFaultTest, a_crash_at_any_step_of_a_full_pass_leaves_the_old_or_the_new_list_whole) {
  for (const bool power : {false, true}) {
    bool fired = true;
    std::uint64_t step = 0;
    for (; fired; ++step) {
      ASSERT_LT(step, 200u);
      fill();
      fired = crash_at(step, power);
      expect_whole(step);
    }
    EXPECT_GT(step, 20u);
  }
}

TEST_F(SyncFaultTest, a_pass_that_a_crash_cut_goes_on_at_its_token_without_a_gap) {
  bool fired = true;
  int resumed = 0;
  for (std::uint64_t step = 0; fired; ++step) {
    ASSERT_LT(step, 200u);
    fill();
    fired = crash_at(step, true);
    const auto cut = state().full;
    if (!cut) continue;
    ++resumed;
    if (cut->pages == 0) {
      ASSERT_TRUE(page(PassKind::full, listing({"b", "c"}), "t").has_value());
    }
    ASSERT_TRUE(page(PassKind::full, listing({"d", "own"}), "").has_value());
    ASSERT_TRUE(finish(PassKind::full).has_value());
    EXPECT_EQ(addresses(), new_list) << step;
    EXPECT_EQ(list->size(), new_list.size()) << step;
  }
  EXPECT_GT(resumed, 10);
}

TEST_F(SyncFaultTest, a_crash_while_runs_are_merged_loses_no_page) {
  constexpr std::uint64_t pages = 40;
  const auto name = [](std::uint64_t at) { return std::to_string(1000 + at * 17 % pages); };
  Names expected;
  for (std::uint64_t at = 0; at < pages; ++at) expected.push_back(name(at) + "@example.com");
  std::ranges::sort(expected);
  int resumed = 0;
  for (std::uint64_t step = 0; step < 600; step += 13) {
    ASSERT_TRUE(begin(PassKind::full).has_value());
    vfs.fail_at(step, support::FaultyVfs::Fault::crash);
    bool failed = false;
    for (std::uint64_t at = 0; at < pages && !failed; ++at)
      failed = page(PassKind::full, listing({name(at)}), at + 1 < pages ? "t" : "").has_error();
    if (!failed) failed = finish(PassKind::full).has_error();
    close();
    if (step % 2 == 0) {
      vfs.restart();
    } else {
      vfs.power_loss([at = step]() mutable { return (++at * 2654435761u >> 9) % 2 == 0; });
    }
    open(directory.path());
    sweep();
    const auto cut = state().full;
    if (!failed && !cut) continue;
    if (!cut) {
      ASSERT_TRUE(begin(PassKind::full).has_value());
    }
    resumed += cut && cut->pages > 0 ? 1 : 0;
    for (std::uint64_t at = cut ? cut->pages : 0; at < pages; ++at)
      ASSERT_TRUE(page(PassKind::full, listing({name(at)}), at + 1 < pages ? "t" : "").has_value());
    ASSERT_TRUE(finish(PassKind::full).has_value());
    EXPECT_EQ(addresses(), expected) << step;
    EXPECT_EQ(list->size(), pages) << step;
  }
  EXPECT_GT(resumed, 5);
}

TEST_F(SyncFaultTest, changes_cut_while_they_are_moved_over_are_moved_to_the_end) {
  fill();
  Names many;
  for (int i = 0; i < 3000; ++i) many.push_back("user" + std::to_string(i));
  bool seen = false;
  for (std::uint64_t step = 1; !seen && step < 60; step += 3) {
    ASSERT_TRUE(full({"a", "b"}).has_value());
    ASSERT_TRUE(begin(PassKind::changes).has_value());
    ASSERT_TRUE(page(PassKind::changes, listing(many), "").has_value());
    vfs.fail_at(step, support::FaultyVfs::Fault::crash);
    const auto cut = finish(PassKind::changes);
    close();
    vfs.restart();
    open(directory.path());
    if (!state().merging) continue;
    seen = true;
    EXPECT_TRUE(cut.has_error());
    EXPECT_EQ(list->size(), addresses(10'000).size());
    ASSERT_TRUE(finish(PassKind::changes).has_value());
    EXPECT_EQ(list->size(), 3003u);
    EXPECT_FALSE(state().merging);
  }
  EXPECT_TRUE(seen);
}

TEST_F(SyncFaultTest, a_full_disk_fails_the_page_and_keeps_the_list) {
  fill();
  Names many;
  for (int i = 0; i < 5000; ++i) many.push_back("user" + std::to_string(i));
  ASSERT_TRUE(begin(PassKind::full).has_value());
  vfs.set_room(200'000);
  const auto added = page(PassKind::full, listing(many), "");
  ASSERT_TRUE(added.has_error());
  EXPECT_EQ(added.error().code, base::Errc::full);
  EXPECT_EQ(addresses(), old_list);
  vfs.set_room(-1);
  ASSERT_TRUE(page(PassKind::full, listing(many), "").has_value());
  ASSERT_TRUE(finish(PassKind::full).has_value());
  EXPECT_EQ(list->size(), 5001u);
}

}  // namespace
}  // namespace postern::suppression::test
