include(${CMAKE_CURRENT_LIST_DIR}/einc-targets.cmake)
