// Secrets that programs and browsers are given.
#pragma once

#include <string>

namespace esteira {

// `size` letters and digits, each as likely as any other: 43 hold more than 256 bits.
[[nodiscard]] std::string draw_secret_text(std::size_t size);

}  // namespace esteira
