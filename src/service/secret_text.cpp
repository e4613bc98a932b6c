#include "service/secret_text.hpp"

#include "base/random.hpp"
#include "domain/api_key.hpp"

namespace esteira {

std::string draw_secret_text(std::size_t size) {
  // What of a byte does not divide evenly is thrown away.
  constexpr std::size_t even = 256 / token_signs.size() * token_signs.size();
  SystemRandom random;
  std::string text;
  while (text.size() < size) {
    for (const std::uint8_t byte : random.bytes16()) {
      if (byte < even && text.size() < size) text += token_signs[byte % token_signs.size()];
    }
  }
  return text;
}

}  // namespace esteira
