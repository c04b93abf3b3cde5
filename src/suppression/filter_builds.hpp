// Builds the prefilter of a store in the background whenever it is due: begun and ended by the books writer,
// the keys read on the disk pool in slices, between which look-ups and writes go on.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "postern/base/books_writer.hpp"
#include "postern/base/log.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/task.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

class FilterBuilds : public std::enable_shared_from_this<FilterBuilds> {
 public:
  FilterBuilds(std::shared_ptr<Store> store, base::Executor loop, base::Pool& disk, base::BooksWriter& writer,
               base::Log& log)
      : store_(std::move(store)), loop_(std::move(loop)), disk_(disk), writer_(writer), log_(log) {}

  // Loop: after something that may have made one due.
  void look();
  // Loop: from its return on the disk pool neither reads for it nor uses the writer. Waits for a slice. The
  // writer may still post to the pool, which outlives it.
  void stop();

 private:
  void begin_if_due();  // books writer
  void read_some();     // disk pool
  void tell(const base::Error& why);
  void end(bool whole);  // books writer

  std::shared_ptr<Store> store_;
  base::Executor loop_;
  base::Pool& disk_;
  base::BooksWriter& writer_;
  base::Log& log_;
  std::mutex reading_;  // held by a slice and by stop()
  std::atomic<bool> stopped_{false};
};

}  // namespace postern::suppression
