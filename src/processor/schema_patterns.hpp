// Regular expressions in a JSON Schema. The schema library matches them with std::regex, whose
// depth of recursion grows with the text: some 16,000 bytes end the process by its stack. So texts
// are bounded where a schema holds any.
#pragma once

#include "esteira/error.hpp"
#include "esteira/json.hpp"

namespace esteira {

// Whether the schema matches texts or keys: `pattern`, `patternProperties`, or a `format` that the
// library checks. invalid_argument, with a pointer, for an expression that can't be compiled.
[[nodiscard]] Expected<bool> has_patterns(const Json& schema);

// invalid_argument, with a pointer, where a text or a key is longer than `pattern_text_bytes_max`.
[[nodiscard]] Expected<void> check_text_lengths(const Json& payload);

}  // namespace esteira
