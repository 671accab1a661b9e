# The tool as a user runs it: output, exit status, and nothing written by what fails.
set(folder ${CMAKE_CURRENT_BINARY_DIR}/cli-test)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

# expect(STATUS REGEX ARGUMENTS...): stdout and stderr together match.
function(expect status regex)
  execute_process(COMMAND ${EINC} ${ARGN} WORKING_DIRECTORY ${folder}
    RESULT_VARIABLE actual OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT actual EQUAL status OR NOT output MATCHES "${regex}")
    message(SEND_ERROR "einc ${ARGN}\nexit status ${actual}, expected ${status}\n"
      "expected to match: ${regex}\n${output}")
  endif()
endfunction()

# Two matrices of float32, 2 x 3 and 3 x 2, as numpy.save writes them.
function(write_npy name shape hex)
  file(WRITE ${folder}/${name}.hex "${hex}")
  execute_process(COMMAND python3 -c "
import sys
shape, data = sys.argv[1], bytes.fromhex(sys.argv[2])
header = (\"{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\" % shape).encode()
header += b' ' * (64 - (10 + len(header) + 1) % 64) + b'\\n'
open(sys.argv[3], 'wb').write(b'\\x93NUMPY\\x01\\x00' + len(header).to_bytes(2, 'little') + header + data)
" ${shape} ${hex} ${folder}/${name} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "python3 is needed to write ${name}")
  endif()
endfunction()
write_npy(a.npy "(2, 3)" 0000803f0000004000004040000080400000a0400000c040)
write_npy(b.npy "(3, 2)" 0000803f00000000000000000000803f0000803f0000803f)

expect(0 "float32.2,2. ..4, 5., .10, 11.." run ij,jk->ik a.npy b.npy)
expect(0 "float32.. 21" run ij-> a.npy)
expect(0 "^$" run ij,jk->ki a.npy b.npy -o c.npy --threads 1)
expect(0 "float32.2,2. ..4, 10., .5, 11.." run ij c.npy)
expect(0 "== parse.*== bind.*== simplify.*== path.*== layout.*== lower.*== schedule.*== llvm.*== assembly"
  show ij,jk->ik float32[64,128] float32[128,256] --target x86-64-v2)
expect(0 "^ij,jk->ik\n$" show ij,jk float32[4,5] float32[5,6] --stage parse)
expect(0 "whose einsum strings" show --help)
expect(0 "einc 0" --version)

expect(2 "label 'j' is 3 in operand 0 but 2 in operand 1\n  ij,jk->ik\n     .\n" run ij,jk->ik a.npy a.npy)
expect(2 "unexpected '1' at position 1\n  i1\n   ." run i1 a.npy -o d.npy)
expect(2 "'missing.npy': No such file or directory" run ij missing.npy)
expect(2 "'a.npy.hex': not a .npy file" run ij a.npy.hex)
expect(2 "'no/folder.npy': No such file or directory" run ij a.npy -o no/folder.npy)
expect(2 "no stage 'nonsense'" show ij float32[2,2] --stage nonsense)
expect(2 "unknown dtype 'float'" show ij float[2,2])
expect(2 "no target 'vax'" show ij float32[2,2] --target vax)
expect(2 "no dialect 'latin'" run ij a.npy --dialect latin)
expect(2 "expression is required" show)
expect(2 "subcommand is required")
expect(2 "not expected" show ij float32[2,2] --nonsense)
if(EXISTS ${folder}/d.npy)
  message(SEND_ERROR "a failed run wrote its output")
endif()
