#include "worker/worker_name.hpp"

#include <array>
#include <unistd.h>

#include <fmt/format.h>

namespace esteira {

std::string host_name() {
  std::array<char, 65> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string default_worker_name(Random& random) {
  return fmt::format("{}-{}-{:04x}", host_name().substr(0, 60), getpid(), random.next() & 0xFFFFU);
}

}  // namespace esteira
