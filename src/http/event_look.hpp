// One look of the event feed at the database, as a job of the pool: what to ask, what was found.
// The events are written out here, so that the server's thread only hands them on.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "http/server.hpp"
#include "http/stream.hpp"

namespace esteira::http {

// Those whose rights are the same, and a call that shows them.
struct Asker {
  std::string name;
  Call call;
};

struct Look {
  std::optional<std::string> cursor{};  // of the feed's last look; nothing: it begins here
  std::vector<std::string> resumed{};   // where those left off who come back, each once
  bool stats = false;
  std::vector<Asker> askers{};  // whose keys are looked at again
};

struct Seen {
  // Why nothing is known of the changes; all but `refused` is empty then.
  std::optional<Response> failure{};
  std::string cursor{};
  Chunk tasks{};  // null: nothing changed
  // To each place what was missed since, null where nothing was, or why it is none.
  std::map<std::string, std::variant<Chunk, Response>> resumed{};
  Chunk stats{};              // null: not asked, or not found
  std::string stats_shape{};  // what of it counts as a change
  std::chrono::steady_clock::duration stats_took{};
  std::vector<std::string> refused{};  // of the askers, by name
};

// `services` null: the database could not be opened.
[[nodiscard]] Seen look_at(const Look& look, const Gate& gate, Services* services);

}  // namespace esteira::http
