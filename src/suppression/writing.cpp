#include "suppression/writing.hpp"

#include "postern/base/suspend.hpp"

namespace postern::suppression {

template <class T>
base::Task<base::Result<T>> write(base::BooksWriter& writer, std::shared_ptr<Store> store,
                                  std::function<base::Result<T>(Store&)> slice) {
  auto result = std::make_shared<base::Result<T>>(base::fail(base::Errc::cancelled, "not written"));
  std::function<void(std::function<void()>)> start = [&](std::function<void()> resume) {
    writer.post([result, store, slice = std::move(slice), resume = std::move(resume)] {
      if (const auto& broken = store->broken()) {
        *result = *broken;
      } else {
        *result = slice(*store);
      }
      resume();
    });
  };
  co_await base::suspend(std::move(start));
  // In a turn of its own: others' work gets in between.
  if (result->has_value()) writer.post([store] { store->checkpoint_if_due(); });
  // Moved, and never const: a Result<bool> made of a const or lvalue one would hold has_value().
  co_return std::move(*result);
}

base::Task<base::Result<void>> to_the_end(base::BooksWriter& writer, std::shared_ptr<Store> store,
                                          Step step) {
  for (bool more = true; more;) {
    Step timed = [step](Store& s) {
      s.slice().begin();
      auto done = step(s);
      s.slice().end();
      return done;
    };
    const auto done = co_await write(writer, store, std::move(timed));
    if (done.has_error()) co_return done.error();
    more = *done;
  }
  co_return base::Result<void>();
}

// Instantiated once: LTO takes the frames of two files for two types.
template base::Task<base::Result<void>> write(base::BooksWriter&, std::shared_ptr<Store>,
                                              std::function<base::Result<void>(Store&)>);
template base::Task<base::Result<bool>> write(base::BooksWriter&, std::shared_ptr<Store>,
                                              std::function<base::Result<bool>(Store&)>);
template base::Task<base::Result<std::size_t>> write(base::BooksWriter&, std::shared_ptr<Store>,
                                                     std::function<base::Result<std::size_t>(Store&)>);
template base::Task<base::Result<Pass>> write(base::BooksWriter&, std::shared_ptr<Store>,
                                              std::function<base::Result<Pass>(Store&)>);
template base::Task<base::Result<Removed>> write(base::BooksWriter&, std::shared_ptr<Store>,
                                                 std::function<base::Result<Removed>(Store&)>);
template base::Task<base::Result<std::vector<std::int64_t>>> write(
    base::BooksWriter&, std::shared_ptr<Store>,
    std::function<base::Result<std::vector<std::int64_t>>(Store&)>);

}  // namespace postern::suppression
