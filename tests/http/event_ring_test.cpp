#include "http/event_ring.hpp"

#include <gtest/gtest.h>

namespace esteira::http {
namespace {

Chunk event(const std::string& text) { return std::make_shared<const std::string>(text); }

TEST(EventRing, holds_the_last_events_in_order) {
  EventRing ring(3, 1000);
  EXPECT_EQ(ring.begin(), ring.end());
  for (const char* name : {"a", "b", "c", "d"}) ring.push(name, event(name));
  EXPECT_EQ(ring.end(), 4U);
  EXPECT_EQ(ring.begin(), 1U);
  EXPECT_EQ(*ring.at(1), "b");
  EXPECT_EQ(*ring.at(3), "d");
}

TEST(EventRing, lets_the_oldest_go_where_the_bytes_are_many) {
  EventRing ring(10, 100);
  ring.push("a", event(std::string(60, 'x')));
  ring.push("b", event(std::string(60, 'x')));
  EXPECT_EQ(ring.begin(), 1U);
  ring.push("c", event(std::string(40, 'x')));
  EXPECT_EQ(ring.begin(), 1U);
  ring.push("d", event(std::string(500, 'x')));
  EXPECT_EQ(ring.begin(), 3U) << "the newest stays, whatever its size";
  EXPECT_EQ(ring.end(), 4U);
}

TEST(EventRing, finds_the_place_behind_an_id) {
  EventRing ring(3, 1000);
  for (const char* id : {"1", "2", "2", "3"}) ring.push(id, event(id));
  EXPECT_EQ(ring.behind("2"), 2U) << "of two with one id the first: rather twice than never";
  EXPECT_EQ(ring.behind("3"), ring.end());
  EXPECT_EQ(ring.behind("1"), std::nullopt) << "it is gone";
}

TEST(EventRing, gives_no_place_twice) {
  EventRing ring(3, 1000);
  ring.push("a", event("a"));
  ring.clear();
  EXPECT_EQ(ring.begin(), ring.end());
  ring.push("b", event("b"));
  EXPECT_EQ(ring.begin(), 1U);
  EXPECT_EQ(*ring.at(1), "b");
  EXPECT_EQ(ring.behind("a"), std::nullopt);
}

}  // namespace
}  // namespace esteira::http
