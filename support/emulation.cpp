// SPDX-License-Identifier: Apache-2.0
#include "support/emulation.h"

#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "support/error.h"

namespace softmark {

bool is_emulated() {
  std::error_code no_self, no_thread;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", no_self),
             running = std::filesystem::read_symlink("/proc/thread-self/exe", no_thread);
  return !no_self && !no_thread && self != running;
}

void refuse_emulation() {
  if (!is_emulated()) return;
  utsname machine{};
  ::uname(&machine);
  throw Error(kNotMeasurable, std::string("this ") + machine.machine +
                                  " is emulated: times would be those of the emulator; run it on "
                                  "the CPU itself (verify works under emulation)");
}

std::string emulator() {
  const char* program = std::getenv("SOFTMARK_EMULATOR");
  return program ? program : "";
}

double emulation_allowance() {
  static const double factor = is_emulated() ? 10 : 1;
  return factor;
}

}  // namespace softmark
