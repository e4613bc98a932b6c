// Precompiled for every module: what nearly all of them include.
#pragma once

#include <chrono>         // IWYU pragma: keep
#include <cstdint>        // IWYU pragma: keep
#include <expected>       // IWYU pragma: keep
#include <functional>     // IWYU pragma: keep
#include <memory>         // IWYU pragma: keep
#include <optional>       // IWYU pragma: keep
#include <span>           // IWYU pragma: keep
#include <string>         // IWYU pragma: keep
#include <string_view>    // IWYU pragma: keep
#include <unordered_map>  // IWYU pragma: keep
#include <variant>        // IWYU pragma: keep
#include <vector>         // IWYU pragma: keep

#include <boost/json/value.hpp>  // IWYU pragma: keep
