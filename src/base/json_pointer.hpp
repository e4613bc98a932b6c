// RFC 6901.
#pragma once

#include <string>
#include <string_view>

namespace esteira {

// "/" and the name, escaped: what leads from an object to its member, or from a list to "3".
[[nodiscard]] std::string pointer_step(std::string_view name);

}  // namespace esteira
