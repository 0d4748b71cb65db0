# SPDX-License-Identifier: Apache-2.0
# cmake -DSOURCE=... -DVERSION=... -DOUT=version.cpp -P version.cmake: OUT is touched only when its text changes.
get_filename_component(PARENT "${SOURCE}" DIRECTORY)
set(ENV{GIT_CEILING_DIRECTORIES} "${PARENT}") # a copy of the sources inside another checkout is not that checkout
set(GIT "")
find_program(GIT_PROGRAM git)
if(GIT_PROGRAM)
  execute_process(COMMAND "${GIT_PROGRAM}" -C "${SOURCE}" describe --always --dirty --tags
                  OUTPUT_VARIABLE GIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file("${SOURCE}/support/version.cpp.in" "${OUT}" @ONLY)
