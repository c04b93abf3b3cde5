// Work on the list writer in slices, awaited on the loop.
#pragma once

#include <functional>
#include <memory>

#include "postern/base/books_writer.hpp"
#include "postern/base/suspend.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

// The slice takes values: the caller may be gone before it runs only when the whole program ends.
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

// Slice after slice, each measured, until there is no more.
using Step = std::function<base::Result<bool>(Store&)>;
base::Task<base::Result<void>> to_the_end(base::BooksWriter& writer, std::shared_ptr<Store> store, Step step);

}  // namespace postern::suppression
