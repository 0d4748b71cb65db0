// SPDX-License-Identifier: Apache-2.0
#include "support/strays.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace softmark {

bool adopt_strays() { return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; }
void leave_strays() { prctl(PR_SET_CHILD_SUBREAPER, 0); }

std::vector<pid_t> own_children() {
  std::vector<pid_t> found;
  siginfo_t one;
  if (waitid(P_ALL, 0, &one, WEXITED | WNOHANG | WNOWAIT) != 0)
    return found;  // ECHILD: the usual case, in one call
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t pid; list >> pid;) found.push_back(pid);
  }
  return found;
}

void kill_strays() {
  // Each round may free grandchildren, which then are children. The rounds end, so that a process
  // that forks faster than it is killed does not hold up the program's end.
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> strays = own_children();
    if (strays.empty()) return;
    for (const pid_t pid : strays) kill(pid, SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(1000);
  }
}

}  // namespace softmark
