# esteira::esteira, the library as users link it: `find_package(esteira)`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY ESTEIRA_MODULES)
add_library(esteira_esteira INTERFACE)
target_link_libraries(esteira_esteira INTERFACE esteira_service esteira_worker esteira_engines)
set_target_properties(esteira_esteira PROPERTIES EXPORT_NAME esteira)
add_library(esteira::esteira ALIAS esteira_esteira)

install(TARGETS esteira_esteira ${modules} EXPORT esteira_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/esteira DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT esteira_targets NAMESPACE esteira::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/esteira)
configure_package_config_file(cmake/esteiraConfig.cmake.in esteiraConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/esteira)
write_basic_package_version_file(esteiraConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/esteiraConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/esteiraConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/esteira)
