// The ground: clocks, chance, text, errors.
#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/json_pointer.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "esteira/error.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

TEST(Clocks, this_machines_clock_goes_forward) {
  const SystemClock clock;
  const Duration before = clock.steady();
  EXPECT_GE(clock.steady(), before);
  EXPECT_GT(clock.now(), parse_time("2024-01-01T00:00:00Z"));
}

TEST(Clocks, a_manual_clock_stands_still) {
  ManualClock clock{parse_time("2026-03-01T12:00:00Z")};
  const Duration before = clock.steady();
  EXPECT_EQ(format_time(clock.now()), "2026-03-01T12:00:00Z");
  clock.advance(90s);
  EXPECT_EQ(format_time(clock.now()), "2026-03-01T12:01:30Z");
  EXPECT_EQ(clock.steady() - before, 90s);
}

TEST(Chance, the_same_seed_repeats) {
  SeededRandom one{5};
  SeededRandom other{5};
  SeededRandom third{6};
  const auto first = one.bytes16();
  EXPECT_EQ(first, other.bytes16());
  EXPECT_NE(first, third.bytes16());
  EXPECT_NE(first, one.bytes16());
}

TEST(Chance, the_systems_never_repeats) {
  SystemRandom random;
  std::set<std::array<std::uint8_t, 16>> seen;
  for (int draw = 0; draw < 1000; ++draw) seen.insert(random.bytes16());
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Chance, fractions_are_even) {
  SeededRandom random{1};
  double sum = 0;
  for (int draw = 0; draw < 10'000; ++draw) {
    const double fraction = random.fraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(SystemRandom, never_repeats_within_and_between_threads) {
  std::vector<std::uint64_t> drawn(400);
  const auto half = drawn.begin() + 200;
  std::thread other([&] {
    SystemRandom random;
    std::generate(half, drawn.end(), [&] { return random.next(); });
  });
  SystemRandom random;
  std::generate(drawn.begin(), half, [&] { return random.next(); });
  other.join();
  EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
}

TEST(Utf8, a_bad_byte_is_found_wherever_it_stands) {
  for (std::size_t size = 1; size < 40; ++size) {
    EXPECT_EQ(find_invalid_utf8(std::string(size, 'a')), std::string_view::npos);
    for (std::size_t place = 0; place < size; ++place) {
      std::string text(size, 'a');
      text[place] = '\x80';
      EXPECT_EQ(find_invalid_utf8(text), place) << size;
    }
    EXPECT_EQ(find_invalid_utf8(std::string(size, 'a') + "é" + std::string(size, 'b')),
              std::string_view::npos);
  }
}

TEST(CleanText, good_text_is_left_alone) {
  for (const std::string text : {"", "a", "é€😀", "line\nbreak\ttab"}) {
    EXPECT_EQ(clean_text(text, 100), text);
  }
  EXPECT_EQ(clean_text("12345", 5), "12345");
}

TEST(CleanText, bad_bytes_become_marks) {
  EXPECT_EQ(clean_text(std::string("a\0b", 3), 100), "a\uFFFDb");
  EXPECT_EQ(clean_text("a\xFFz", 100), "a\uFFFDz");
  EXPECT_EQ(clean_text("\xED\xA0\x80", 100), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(clean_text("a\xC3", 100), "a\uFFFD");
}

TEST(CleanText, long_text_is_cut_at_a_character_with_an_ellipsis) {
  EXPECT_EQ(clean_text("123456", 5), "12…");
  EXPECT_EQ(clean_text("ééé", 5), "é…");
  for (std::size_t limit = 3; limit < 40; ++limit) {
    const std::string cut = clean_text("aé€😀aé€😀aé€😀aé€😀", limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_EQ(find_invalid_utf8(cut), std::string_view::npos) << limit;
  }
}

TEST(Errors, only_a_store_that_was_away_is_asked_again) {
  EXPECT_TRUE(is_transient(ErrorCode::unavailable));
  EXPECT_TRUE(is_transient(ErrorCode::in_doubt));
  for (const ErrorCode code :
       {ErrorCode::invalid_argument, ErrorCode::not_found, ErrorCode::conflict,
        ErrorCode::unauthorized, ErrorCode::forbidden, ErrorCode::rate_limited,
        ErrorCode::unsupported, ErrorCode::internal}) {
    EXPECT_FALSE(is_transient(code));
  }
}

TEST(JsonPointer, a_step_escapes_what_a_pointer_is_made_of) {
  EXPECT_EQ(pointer_step("a"), "/a");
  EXPECT_EQ(pointer_step(""), "/");
  EXPECT_EQ(pointer_step("a/b~c~1"), "/a~1b~0c~01");
}

TEST(Errors, fail_makes_an_error) {
  const Expected<int> failed = fail(ErrorCode::conflict, "it is held");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::conflict);
  EXPECT_EQ(failed.error().message, "it is held");
}

}  // namespace
}  // namespace esteira::test
