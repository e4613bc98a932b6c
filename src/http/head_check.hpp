// Whether the head of a request is framed beyond doubt. Two programs that read the same bytes as
// different messages are how requests are smuggled past a proxy, so whatever RFC 9112 leaves to a
// reader's goodwill is refused here. Pure; looks at bytes only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace esteira::http {

inline constexpr std::size_t head_bytes_max = 16 * 1024;
inline constexpr std::size_t target_bytes_max = 8 * 1024;
inline constexpr std::size_t header_fields_max = 100;

struct HeadProblem {
  int status = 400;
  std::string detail;
};

// `head`: from the request line to the empty line, both included.
[[nodiscard]] std::optional<HeadProblem> check_head(std::string_view head);

// Of a head that is still arriving: what is wrong already, so that nobody waits for the rest of it.
[[nodiscard]] std::optional<HeadProblem> check_head_so_far(std::string_view bytes);

// What stands in the line of a chunk's size after it (";name=value"). False: it holds a control
// character, which another program may take for the line's end, within quotes too.
[[nodiscard]] bool is_sound_chunk_extension(std::string_view text);

}  // namespace esteira::http
