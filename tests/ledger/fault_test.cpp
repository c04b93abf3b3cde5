#include <gtest/gtest.h>

#include "postern/base/random.hpp"
#include "postern/ledger/ledger.hpp"
#include "support/books.hpp"
#include "support/faulty_vfs.hpp"

namespace postern::ledger {
namespace {

struct LedgerFaultTest : testing::Test {
  support::FaultyVfs vfs;
  support::Books books;
  base::SeededRandom random{3};
  std::unique_ptr<Ledger> ledger = std::move(
      Ledger::open(books.directory.path(), books.loop.get_executor(), books.disk, books.writer, books.log)
          .value());

  base::Result<void> record(const std::string& reply) {
    Row row;
    row.arrived = row.time = books.clock.wall_now();
    row.id = base::make_id(row.arrived, random);
    row.to = "a@example.com";
    row.reply = reply;
    return books.wait(ledger->record_and_wait({row}));
  }
  std::size_t count() { return books.wait(ledger->search({})).value().size(); }
};

TEST_F(LedgerFaultTest, a_full_disk_is_told_to_who_waits_and_logged_once_and_room_mends_it) {
  ASSERT_TRUE(record("before").has_value());
  vfs.set_room(0);
  for (int i = 0; i < 3; ++i) {
    const auto written = record(std::string(100'000, 'x'));
    ASSERT_TRUE(written.has_error());
    EXPECT_EQ(written.error().code, base::Errc::full);
  }
  vfs.set_room(-1);
  EXPECT_TRUE(record("after").has_value());
  EXPECT_EQ(count(), 2u);
  const std::string logged = books.logged();
  const auto first = logged.find("status=failed");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(logged.find("status=failed", first + 1), std::string::npos) << logged;
  EXPECT_NE(logged.find("status=recovered"), std::string::npos);
}

TEST_F(LedgerFaultTest, a_write_that_fails_loses_its_own_rows_only) {
  ASSERT_TRUE(record("before").has_value());
  vfs.fail_at(0, support::FaultyVfs::Fault::io_error);
  const auto failed = record("lost");
  ASSERT_TRUE(failed.has_error());
  EXPECT_EQ(failed.error().code, base::Errc::io);
  EXPECT_TRUE(record("after").has_value());
  EXPECT_EQ(count(), 2u);
}

}  // namespace
}  // namespace postern::ledger
