# SPDX-License-Identifier: Apache-2.0
# CMake's toolchain for scripts/cross, which gives what it needs: the compilers' prefix, the folder
# of the architecture's libraries, and the emulator.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CROSS_PROCESSOR CROSS_PREFIX CROSS_SYSROOT CROSS_EMULATOR CROSS_LINKER)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CROSS_PROCESSOR})
set(CMAKE_C_COMPILER ${CROSS_PREFIX}-gcc)
set(CMAKE_CXX_COMPILER ${CROSS_PREFIX}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${CROSS_PREFIX})
set(CMAKE_SYSROOT ${CROSS_SYSROOT})
# Before the compiler's own C and C++ libraries, which may be older than those that the others need.
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT
    "-L${CROSS_SYSROOT}/usr/lib/${CROSS_PREFIX} -L${CROSS_SYSROOT}/usr/lib/gcc/${CROSS_PREFIX}/12")
endforeach()
if(CROSS_LINKER)  # a folder with another `ld`
  add_link_options(-B${CROSS_LINKER})
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CROSS_EMULATOR} -L ${CROSS_SYSROOT})
