// esteira-limit ADDRESS [--tasks N] [--batch N]: prints one JSON document, with the names of
// `esteira bench --json`.
#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "limit.hpp"

namespace esteira::limit {

std::string payload(int number) {
  return fmt::format(
      R"({{"message_id": {:08}, "channel": "whatsapp", "to": "+5511987654321", "text": "Seu pedido saiu"}})",
      number + 10'000'000);
}

namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

std::optional<int> positive(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1) return {};
  return number;
}

std::optional<Settings> parse(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) return {};
  Settings settings{.address = argv[1]};
  for (int i = 2; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const auto number = positive(argv[i + 1]);
    if (!number) return {};
    if (name == "--tasks") {
      settings.tasks = *number;
    } else if (name == "--batch") {
      settings.batch = *number;
    } else {
      return {};
    }
  }
  return settings;
}

int run(Settings settings) {
  const bool sqlite = settings.address.starts_with(sqlite_scheme);
  if (sqlite) settings.address.erase(0, sqlite_scheme.size());
  const auto rates = sqlite ? measure_sqlite(settings) : measure_postgres(settings);
  fmt::print(R"({{"engine": "{}", "tasks": {}, "batch": {}, "enqueue_per_second": {:.0f}, )"
             R"("enqueue_one_by_one_per_second": {:.0f}, "drain_per_second": {:.0f}}})"
             "\n",
             sqlite ? "sqlite" : "postgresql", settings.tasks, settings.batch,
             rates.enqueue_per_second, rates.enqueue_one_by_one_per_second, rates.drain_per_second);
  return 0;
}

}  // namespace
}  // namespace esteira::limit

int main(int argc, char** argv) {
  try {
    const auto settings = esteira::limit::parse(argc, argv);
    if (settings) return esteira::limit::run(*settings);
    std::fputs("usage: esteira-limit sqlite:PATH|postgresql://… [--tasks N] [--batch N]\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "esteira-limit: %s\n", error.what());
    return 1;
  }
}
