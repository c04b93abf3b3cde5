#include "postern/base/books_writer.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace postern::base {

struct BooksWriter::Impl {
  std::string name;
  std::mutex mutex;
  std::condition_variable wanted;
  std::deque<std::function<void()>> queue;
  bool ending = false;
  bool draining = true;  // somebody runs the queue: the thread, later a caller of post()
  std::thread thread;

  void drain(bool wait);
};

// One at a time, in the order of the queue; work may post more.
void BooksWriter::Impl::drain(bool wait) {
  std::unique_lock lock(mutex);
  while (true) {
    if (wait) wanted.wait(lock, [this] { return ending || !queue.empty(); });
    if (queue.empty()) break;
    auto work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes before the lock is taken
    lock.lock();
  }
  draining = false;
}

BooksWriter::BooksWriter(std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), impl->name.substr(0, 15).c_str());
    impl->drain(true);
  });
}

BooksWriter::~BooksWriter() {
  join();
}

void BooksWriter::post(std::function<void()> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(std::move(work));
    if (impl_->draining) {
      impl_->wanted.notify_one();
      return;
    }
    impl_->draining = true;
  }
  impl_->drain(false);
}

void BooksWriter::join() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->wanted.notify_one();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace postern::base
