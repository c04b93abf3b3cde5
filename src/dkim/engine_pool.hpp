// Engines at rest. A thread that signs borrows one; there come to be as many as threads ever signed at once.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "opendkim.hpp"

namespace postern::dkim {

class EnginePool {
 public:
  class Loan {
   public:
    Loan(EnginePool& pool, std::unique_ptr<Engine> engine) : pool_(pool), engine_(std::move(engine)) {}
    ~Loan() { pool_.give_back(std::move(engine_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Engine& operator*() const { return *engine_; }

   private:
    EnginePool& pool_;
    std::unique_ptr<Engine> engine_;
  };

  base::Result<std::unique_ptr<Engine>> take();
  void give_back(std::unique_ptr<Engine> engine);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Engine>> idle_;
};

}  // namespace postern::dkim
