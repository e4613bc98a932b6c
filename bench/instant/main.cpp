// esteira-instant create|work|watch ADDRESS [--tasks N] [--at RFC3339]
#include <charconv>
#include <cstdio>
#include <exception>
#include <string_view>

#include "instant.hpp"

namespace esteira::instant {

JsonObject quantiles(std::vector<double> values) {
  std::ranges::sort(values);
  JsonObject object{{"count", values.size()}};
  const auto at = [&](double share) -> Json {
    if (values.empty()) return nullptr;
    const auto place = std::ceil(share * static_cast<double>(values.size() - 1));
    return values[static_cast<std::size_t>(place)];
  };
  object["p50"] = at(0.5);
  object["p99"] = at(0.99);
  object["max"] = at(1);
  return object;
}

namespace {

std::optional<Settings> parse(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) return {};
  Settings settings{.address = argv[2]};
  for (int i = 3; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view value = argv[i + 1];
    if (name == "--tasks") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), settings.tasks);
      if (error != std::errc{} || end != value.data() + value.size() || settings.tasks < 1) {
        return {};
      }
    } else if (name == "--at") {
      settings.at = parse_time(value);
    } else {
      return {};
    }
  }
  return settings;
}

int run(std::string_view part, const Settings& settings) {
  if (part == "create") {
    create(settings);
  } else if (part == "work") {
    work(settings);
  } else if (part == "watch") {
    watch(settings);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace esteira::instant

int main(int argc, char** argv) {
  try {
    const auto settings = esteira::instant::parse(argc, argv);
    const int status = settings ? esteira::instant::run(argv[1], *settings) : 2;
    if (status == 2) {
      std::fputs("usage: esteira-instant create|work|watch ADDRESS [--tasks N] [--at TIME]\n",
                 stderr);
    }
    return status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "esteira-instant: %s\n", error.what());
    return 1;
  }
}
