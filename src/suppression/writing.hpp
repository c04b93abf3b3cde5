// Work on the list writer in slices, awaited on the loop.
#pragma once

#include <functional>
#include <memory>

#include "postern/base/books_writer.hpp"
#include "suppression/store.hpp"

namespace postern::suppression {

// The slice takes values: the caller may be gone before it runs only when the whole program ends. T is one of
// those at the end of writing.cpp.
template <class T>
base::Task<base::Result<T>> write(base::BooksWriter& writer, std::shared_ptr<Store> store,
                                  std::function<base::Result<T>(Store&)> slice);

// Slice after slice, each measured, until there is no more.
using Step = std::function<base::Result<bool>(Store&)>;
base::Task<base::Result<void>> to_the_end(base::BooksWriter& writer, std::shared_ptr<Store> store, Step step);

}  // namespace postern::suppression
