// Assertions are for our own bugs: they stay on in release and never meet input.
#pragma once

namespace esteira {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace esteira

#define ESTEIRA_ASSERT(expression)     \
  ((expression) ? static_cast<void>(0) \
                : ::esteira::assertion_failed(#expression, __FILE__, __LINE__))

// Yields the value of an Expected or returns its error from the enclosing function.
#define ESTEIRA_TRY(expression)                                               \
  __extension__({                                                             \
    auto&& esteira_try = (expression);                                        \
    if (!esteira_try) return std::unexpected(std::move(esteira_try).error()); \
    *std::move(esteira_try);                                                  \
  })
