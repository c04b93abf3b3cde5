// The thread that alone writes ledger.db, or suppression.db: one each in the daemon, so that no outcome waits
// for the syncs of a list of a million. Work is a function that does one slice of about 10 ms, or of as many
// syncs as can't be parted; what is queued at once shares a transaction (the owner of the database groups
// it). post() from any thread. Never wait on it for a 250: the spool has a writer of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace postern::base {

class BooksWriter {
 public:
  explicit BooksWriter(std::string name = "books");
  ~BooksWriter();  // runs what is queued, then joins
  BooksWriter(const BooksWriter&) = delete;
  BooksWriter& operator=(const BooksWriter&) = delete;
  // Work that throws ends the process: it has to report its own failures. After join() work runs at once, on
  // the caller's thread.
  void post(std::function<void()> work);
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::base
