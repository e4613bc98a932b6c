// Everything that a program which embeds the library includes.
#pragma once

#include "esteira/encryption.hpp"  // IWYU pragma: export
#include "esteira/error.hpp"       // IWYU pragma: export
#include "esteira/json.hpp"        // IWYU pragma: export
#include "esteira/processor.hpp"   // IWYU pragma: export
#include "esteira/repository.hpp"  // IWYU pragma: export
#include "esteira/service.hpp"     // IWYU pragma: export
#include "esteira/task.hpp"        // IWYU pragma: export
#include "esteira/time.hpp"        // IWYU pragma: export
#include "esteira/worker.hpp"      // IWYU pragma: export
