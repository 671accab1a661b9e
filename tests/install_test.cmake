# Installs the build, builds examples/embed against it as a stranger would, and runs both.
set(prefix ${BINARY_DIR}/install-test)
file(REMOVE_RECURSE ${prefix})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${status}\n${output}")
  endif()
endfunction()
run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/examples/embed -B ${prefix}/embed -G Ninja
  -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}" -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${prefix}/embed)
run(${prefix}/embed/embed)
run(${prefix}/bin/einc show ij->ji float32[3,4] --stage assembly)
