// The thread that alone writes ledger.db and suppression.db. Work is a function that does one slice of at
// most 20 ms; what is queued at once for the same database shares a transaction (the owner of the database
// groups it). post() from any thread. Never wait on it for a 250: the spool has a writer of its own.
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
