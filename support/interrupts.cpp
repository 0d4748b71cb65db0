// SPDX-License-Identifier: Apache-2.0
#include "support/interrupts.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "support/error.h"

namespace softmark {
namespace {

int interrupt_pipe[2] = {-1, -1};
volatile sig_atomic_t interrupts = 0;

void count_interrupt(int number) {
  interrupts = interrupts + 1;
  if (interrupts > 1) {
    signal(number, SIG_DFL);
    raise(number);
  }
  const char byte = 0;
  [[maybe_unused]] const ssize_t n = write(interrupt_pipe[1], &byte, 1);
}

}  // namespace

void watch_interrupts() {
  if (interrupt_pipe[0] >= 0) return;
  if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    throw Error(kNotMeasurable,
                std::string("cannot watch for interrupts: ") + std::strerror(errno));
  struct sigaction action = {};
  action.sa_handler = count_interrupt;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now = {};
    const bool nohup =
        number == SIGHUP && sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
    if (nohup) continue;
    sigaction(number, &action, nullptr);
  }
}

bool interrupted() { return interrupts > 0; }

int interrupt_descriptor() { return interrupt_pipe[0]; }

}  // namespace softmark
