#include "cancellation.hpp"

#include <boost/asio/this_coro.hpp>

namespace postern::net {

namespace asio = boost::asio;

base::Task<bool> was_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) co_return false;
  co_await asio::this_coro::reset_cancellation_state();
  co_return true;
}

}  // namespace postern::net
