# SPDX-License-Identifier: Apache-2.0
# SOFTMARK_PAGE_SOURCES: the page's style sheet and its script, as C++ sources. npm bundles the
# script from the packages of the lock file; without npm, or where its registry cannot be reached,
# the page has tables and no charts.
set(page ${CMAKE_CURRENT_SOURCE_DIR}/page)
set(work ${CMAKE_CURRENT_BINARY_DIR}/page)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page}/style.css ${page}/package-lock.json)
file(READ ${page}/style.css SOFTMARK_PAGE_STYLE)
configure_file(${page}/page_style.cpp.in ${work}/page_style.cpp @ONLY)

option(SOFTMARK_PAGE "Bundle the charts of the HTML page (needs node and npm)" ON)
find_program(NODE NAMES node nodejs)
find_program(NPM npm)
set(script ${work}/page_script.cpp)

# npm ci, once for each lock file; `result`: what went wrong, or "".
function(softmark_npm_ci folder result)
  file(SHA256 ${folder}/package-lock.json lock)
  set(stamp ${folder}/node_modules/.softmark-${lock})
  set(wrong "")
  if(NOT EXISTS ${stamp})
    message(STATUS "npm ci in ${folder}")
    execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --fetch-retries 1 WORKING_DIRECTORY ${folder}
                    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE errors TIMEOUT 120)
    if(failed)
      string(REGEX REPLACE "\n.*" "" wrong "npm ci failed (${failed}): ${errors}")
    else()
      file(TOUCH ${stamp})
    endif()
  endif()
  set(${result} "${wrong}" PARENT_SCOPE)
endfunction()

set(why "")
if(NOT SOFTMARK_PAGE)
  set(why "SOFTMARK_PAGE is off")
elseif(NOT NODE OR NOT NPM)
  set(why "node and npm were not found (Debian: nodejs npm)")
else()
  foreach(file package.json package-lock.json .npmrc tsconfig.json build.mjs)
    configure_file(${page}/${file} ${work}/${file} COPYONLY)
  endforeach()
  file(CREATE_LINK ${page}/src ${work}/src SYMBOLIC)
  softmark_npm_ci(${work} why)
endif()

if(why)
  message(STATUS "page: without charts: ${why}")
  file(CONFIGURE OUTPUT ${script} CONTENT
       "#include \"reports/html_parts.h\"\nnamespace softmark::html {\nconst char* const kScript = \"\";\n}\n")
else()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${page}/src/*.ts)
  add_custom_command(OUTPUT ${script} COMMAND ${NODE} build.mjs ${script}
                     DEPENDS ${sources} ${work}/build.mjs ${work}/tsconfig.json ${work}/package-lock.json
                     WORKING_DIRECTORY ${work} COMMENT "Bundling the page's charts" VERBATIM)
endif()
set(SOFTMARK_PAGE_SOURCES ${work}/page_style.cpp ${script})
set(SOFTMARK_PAGE_LACKS "${why}")

# The page in Debian's Chromium, where that is installed and the page has charts. A run of the
# program makes the real document; reports/samples makes the others.
function(softmark_page_tests samples)
  find_program(CHROMIUM NAMES chromium chromium-browser)
  set(lacks "${SOFTMARK_PAGE_LACKS}")
  if(NOT lacks AND NOT CHROMIUM)
    set(lacks "chromium was not found (Debian: chromium)")
  endif()
  if(NOT lacks)
    foreach(file package.json package-lock.json page_test.mjs helpers.mjs looks.mjs print.mjs large.mjs full.mjs screens.mjs)
      configure_file(${page}/test/${file} ${work}/test/${file} COPYONLY)
    endforeach()
    configure_file(${page}/.npmrc ${work}/test/.npmrc COPYONLY)
    softmark_npm_ci(${work}/test lacks)
  endif()
  if(lacks)
    message(STATUS "page: its tests are skipped: ${lacks}")
    add_test(NAME reports/page COMMAND ${CMAKE_COMMAND} -E echo "SKIPPED: ${lacks}")
    set_tests_properties(reports/page PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED: ")
    return()
  endif()
  add_test(NAME reports/page_run COMMAND softmark run --effort quick --kernel simd/softmax/f32 --kernel naive/softmax/f32 --kernel openmp/softmax/f32 --kernel stable/sigmoid/f32 --op softmax --op sigmoid
                                         --workload attention/1024x64 --workload attention/64x4096 -o ${samples}/run)
  set_tests_properties(reports/page_run PROPERTIES FIXTURES_SETUP page_run FIXTURES_REQUIRED report_samples TIMEOUT 300 COST 1000)
  set(slowdown 1)
  if(SOFTMARK_SANITIZE)
    set(slowdown 5)
  endif()
  add_test(NAME reports/page COMMAND ${NODE} --test page_test.mjs WORKING_DIRECTORY ${work}/test)
  set_tests_properties(reports/page PROPERTIES FIXTURES_REQUIRED "report_samples;page_run" TIMEOUT 600 COST 1000
    ENVIRONMENT "SOFTMARK=$<TARGET_FILE:softmark>;PAGES=${samples};SHOTS=${work}/shots;CHROMIUM=${CHROMIUM};SLOWDOWN=${slowdown}")
endfunction()
