// One request to the writer: what to do inside the transaction, and who waits for it. Made on the loop,
// applied on the writer's thread, ended on the loop; never on two at once.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "store.hpp"

namespace postern::spool {

class Job {
 public:
  virtual ~Job() = default;
  virtual void apply(Store& store) = 0;  // writer; again after a rollback, so it consumes nothing
  virtual void fail(const base::Error& error) = 0;
  virtual bool succeeded() const = 0;

  std::size_t bytes = 0;  // of content, so that a batch stays small
  MessagePtr appended;    // told to the subscribers when it succeeded
};

// The waiter's frame owns the job and `resume` owns the waiter's frame: kept apart, neither keeps itself
// alive when the loop goes before its answer.
struct Waiting {
  std::shared_ptr<Job> job;
  std::function<void()> resume;  // loop
};

using Batch = std::vector<Waiting>;

template <class T>
class JobOf final : public Job {
 public:
  using Work = std::function<base::Result<T>(Store&)>;
  explicit JobOf(Work work) : work_(std::move(work)) {}
  void apply(Store& store) override { result = work_(store); }
  void fail(const base::Error& error) override { result = error; }
  bool succeeded() const override { return result.has_value(); }

  base::Result<T> result = base::fail(base::Errc::cancelled, "the spool did not get to it");

 private:
  Work work_;
};

}  // namespace postern::spool
