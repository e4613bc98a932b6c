// Which addresses a request may go to.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <sys/socket.h>

namespace esteira::processors {

// The class of an address that is not a public unicast one ("loopback", "private", …), as words
// that fit before "address"; empty for a public one. Whatever is not known is not public.
[[nodiscard]] std::optional<std::string_view> refused_address_class(const sockaddr* address,
                                                                    socklen_t length);

}  // namespace esteira::processors
