// The processors that come with Esteira: the only list of them.
#pragma once

#include <span>
#include <string_view>

#include "esteira/processor.hpp"
#include "processors/command_run/options.hpp"
#include "processors/http_request/options.hpp"

namespace esteira::processors {

struct BuiltinOptions {
  HttpRequestOptions http_request{};
  CommandRunOptions command_run{};
};

// Adds one processor of each built-in type. The options have passed `check_options`.
void add_builtin(ProcessorRegistry& registry, const BuiltinOptions& options);

struct KnownType {
  std::string_view name;
  std::string_view description;
};

// Types that a program may create tasks of although this build holds no processor for them.
[[nodiscard]] std::span<const KnownType> known_types();

}  // namespace esteira::processors
