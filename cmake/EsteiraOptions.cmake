# How everything is compiled: one place for warnings, sanitizers and hardening.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers need these two sloppinesses.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(esteira_options INTERFACE)
target_compile_options(esteira_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Woverloaded-virtual
  $<$<BOOL:${ESTEIRA_WERROR}>:-Werror>
  # The default member initialisers that designated initialisers leave out are meant.
  -Wno-missing-field-initializers
  # Optimised, g++ 12 imagines overlaps, overflows and missing values inside its own library.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release,RelWithDebInfo>>:-Wno-array-bounds
    -Wno-stringop-overflow -Wno-restrict -Wno-maybe-uninitialized>
  # libstdc++ 12 calls its own deprecated functions in templates, which Clang counts as ours.
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-gnu-statement-expression-from-macro-expansion
    -Wno-deprecated-declarations>)
target_compile_definitions(esteira_options INTERFACE
  ESTEIRA_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Release,RelWithDebInfo>:_GLIBCXX_ASSERTIONS>)
target_compile_options(esteira_options INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
if(ESTEIRA_SANITIZE STREQUAL "thread")
  # ThreadSanitizer does not understand fences; the mutexes of Asio order what they order.
  target_compile_definitions(esteira_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(ESTEIRA_SANITIZE)
  target_compile_options(esteira_options INTERFACE
    -fsanitize=${ESTEIRA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # The sanitizers' own code makes g++ imagine as much, and values that nobody set.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow
    -Wno-restrict -Wno-stringop-overread>)
  target_link_options(esteira_options INTERFACE -fsanitize=${ESTEIRA_SANITIZE})
endif()
