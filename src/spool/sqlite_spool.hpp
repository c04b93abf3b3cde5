// The Spool on SQLite: coroutines on the loop, jobs to the writer thread, reads to the reader thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "database.hpp"
#include "postern/base/offload.hpp"
#include "postern/spool/spool.hpp"
#include "reader.hpp"
#include "writer.hpp"

namespace postern::spool {

class SqliteSpool final : public Spool {
 public:
  SqliteSpool(Paths paths, std::shared_ptr<Writer> writer, base::Executor loop);
  ~SqliteSpool() override;

  base::Task<base::Result<void>> append(MessagePtr message) override;
  base::Task<base::Result<void>> settle(std::string id, std::vector<Settlement> settlements) override;
  void subscribe(std::function<void(MessagePtr)> appended) override;
  base::Task<base::Result<std::vector<MessagePtr>>> due(base::WallTime now, std::size_t limit,
                                                        std::size_t per_stream,
                                                        std::set<std::string> skip) override;
  base::Task<base::Result<std::optional<base::WallTime>>> next_due() override;
  base::Task<base::Result<MessagePtr>> load(std::string id) override;
  base::Task<base::Result<std::vector<MessagePtr>>> list(std::size_t limit, std::string after_id) override;
  base::Task<base::Result<std::size_t>> make_due(std::string id, base::WallTime now) override;
  base::Task<base::Result<std::size_t>> hold(std::string id, std::string reason) override;
  base::Task<base::Result<std::size_t>> release(std::string id, base::WallTime now) override;
  base::Task<base::Result<std::size_t>> remove(std::string id) override;
  base::Task<base::Result<void>> make_all_due(base::WallTime now) override;
  Totals totals() const override { return loop_side_->totals; }
  bool failed() const override { return writer_->failed(); }
  std::string new_body_path(const std::string& id) const override { return paths_.bodies + "/" + id; }
  void close() override;

 private:
  // What completions touch on the loop; they may run when the spool is gone.
  struct LoopSide {
    Totals totals;
    std::vector<std::function<void(MessagePtr)>> subscribers;
    void finish(Batch& batch, const Totals& now);
  };

  template <class T>
  base::Task<base::Result<T>> read(std::function<base::Result<T>(Reader&)> work);

  Paths paths_;
  std::shared_ptr<Writer> writer_;
  std::shared_ptr<LoopSide> loop_side_ = std::make_shared<LoopSide>();
  std::unique_ptr<Reader> reader_;
  base::Pool reading_{"spool-reader", 1};
  bool closed_ = false;
};

}  // namespace postern::spool
