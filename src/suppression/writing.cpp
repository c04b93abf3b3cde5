#include "suppression/writing.hpp"

namespace postern::suppression {

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

}  // namespace postern::suppression
