#include "delivery/window.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

spool::MessagePtr message(const std::string& id, const std::string& stream, int attempts = 0) {
  auto out = std::make_shared<spool::Message>();
  out->id = id;
  out->stream = stream;
  spool::Recipient recipient;
  recipient.attempts = attempts;
  out->recipients.push_back(recipient);
  return out;
}

std::vector<std::string> take_all(Window& window) {
  std::vector<std::string> out;
  while (auto next = window.take()) out.push_back((*next)->id);
  return out;
}

TEST(Window, streams_take_turns) {
  Window window;
  for (const char* id : {"a1", "a2", "a3"}) window.add(message(id, "a"));
  window.add(message("b1", "b"));
  window.add(message("c1", "c"));
  EXPECT_EQ(take_all(window), (std::vector<std::string>{"a1", "b1", "c1", "a2", "a3"}));
}

TEST(Window, first_attempts_precede_retries_of_their_stream) {
  Window window;
  window.add(message("retry", "a", 2));
  window.add(message("new", "a"));
  EXPECT_EQ(take_all(window), (std::vector<std::string>{"new", "retry"}));
}

TEST(Window, a_message_is_in_it_once_until_it_is_finished) {
  Window window;
  EXPECT_TRUE(window.add(message("x", "a")));
  EXPECT_FALSE(window.add(message("x", "a")));
  window.take();
  EXPECT_FALSE(window.add(message("x", "a"))) << "in flight";
  window.finish("x");
  EXPECT_TRUE(window.add(message("x", "a")));
}

TEST(Window, a_flood_gives_way_to_another_stream_but_not_to_more_of_itself) {
  Window window(3);
  for (const char* id : {"n1", "n2", "n3"}) window.add(message(id, "newsletter"));
  EXPECT_FALSE(window.add(message("n4", "newsletter")));
  EXPECT_TRUE(window.overflowed()) << "n4 waits in the spool";
  window.refilled();
  EXPECT_TRUE(window.add(message("reset", "app")));
  EXPECT_TRUE(window.overflowed()) << "n3 went back to the spool";
  EXPECT_FALSE(window.knows("n3"));
  EXPECT_EQ(take_all(window), (std::vector<std::string>{"n1", "reset", "n2"}));
}

TEST(Window, clearing_forgets_what_waits_and_keeps_what_is_in_flight) {
  Window window;
  window.add(message("flying", "a"));
  window.take();
  window.add(message("waiting", "a"));
  window.clear_waiting();
  EXPECT_TRUE(window.empty());
  EXPECT_TRUE(window.overflowed());
  EXPECT_TRUE(window.knows("flying"));
  EXPECT_TRUE(window.add(message("waiting", "a")));
}

}  // namespace
}  // namespace postern::delivery
