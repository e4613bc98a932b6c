// The address of a request, taken apart by the parser that the transfer uses, so that both see the
// same host.
#pragma once

#include <string>
#include <string_view>

#include "esteira/error.hpp"

namespace esteira::processors {

// "https://host" or "https://host:port" of a URL that a request may have. invalid_argument: it is
// not http or https, holds a user name or password, or is malformed. The host's address is not
// looked at here: only the connection knows it.
[[nodiscard]] Expected<std::string> check_url(std::string_view url);

}  // namespace esteira::processors
