# esteira_module(PATH LINK … PRIVATE_LINK …): one static library for the folder src/PATH, named
# esteira_PATH with "/" as "_". Every source of the folder itself belongs to it.
add_library(esteira_pch INTERFACE)

function(esteira_module path)
  cmake_parse_arguments(ARG "" "" "LINK;PRIVATE_LINK" ${ARGN})
  string(REPLACE "/" "_" name "esteira_${path}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${path}/*.cpp)
  if(path STREQUAL "processors")  # one folder for each processor
    file(GLOB more CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${path}/*/*.cpp)
    list(APPEND sources ${more})
  endif()
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:esteira_options> ${ARG_PRIVATE_LINK})
    if(path STREQUAL "base")
      target_precompile_headers(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src/base/pch.hpp)
    else()
      target_precompile_headers(${name} REUSE_FROM esteira_base)
    endif()
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<INSTALL_INTERFACE:include>)
  target_link_libraries(${name} ${scope} ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY ESTEIRA_MODULES ${name})
endfunction()
