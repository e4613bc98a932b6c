# Text files as constants of the program.

# A C++ raw string literal of a file.
function(esteira_text_literal file variable)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} body)
  set(${variable} "R\"text(${body})text\"" PARENT_SCOPE)
endfunction()

# esteira_texts(TARGET DIRECTORY): makes the ordered list `texts` (name with its extension, text) of
# the JSON and CSS files in DIRECTORY, in the generated header "<last folder>_texts.hpp", namespace
# esteira::<last folder>.
function(esteira_texts target directory)
  get_filename_component(folder ${directory} NAME)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/*.json
       ${PROJECT_SOURCE_DIR}/${directory}/*.css)
  list(SORT files)
  list(LENGTH files count)
  set(text "// Generated from ${directory}.\n#pragma once\n\n#include <array>\n#include <string_view>\n\n")
  string(APPEND text "namespace esteira::${folder} {\n\n")
  string(APPEND text "struct Text {\n  std::string_view name;\n  std::string_view text;\n};\n")
  string(APPEND text "inline constexpr std::array<Text, ${count}> texts{{\n")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    esteira_text_literal(${file} body)
    string(APPEND text "    {\"${name}\", ${body}},\n")
  endforeach()
  string(APPEND text "}};\n\n}  // namespace esteira::${folder}\n")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${folder}_texts.hpp CONTENT "${text}" @ONLY)
  set_property(TARGET ${target} APPEND PROPERTY INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR}/generated)
endfunction()
