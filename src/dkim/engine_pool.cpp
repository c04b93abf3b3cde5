#include "engine_pool.hpp"

namespace postern::dkim {

base::Result<std::unique_ptr<Engine>> EnginePool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto engine = std::move(idle_.back());
      idle_.pop_back();
      return engine;
    }
  }
  return Engine::create();
}

void EnginePool::give_back(std::unique_ptr<Engine> engine) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(engine));
}

}  // namespace postern::dkim
