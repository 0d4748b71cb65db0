// SPDX-License-Identifier: Apache-2.0
#include "kernels/leftovers.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>

#include <bit>

#include "support/strays.h"

namespace softmark {
Leftovers Leftovers::now() {
  Leftovers l = {};
  for (int s = 1; s < kSignals; ++s) sigaction(s, nullptr, &l.handlers[s]);
  for (int fd = 0; fd < kDescriptors; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) l.descriptors |= std::uint64_t{1} << fd;
  l.children = static_cast<std::uint32_t>(own_children().size());
  struct stat tasks;
  l.held.threads =
      stat("/proc/self/task", &tasks) == 0 ? static_cast<std::uint32_t>(tasks.st_nlink) : 0;
  l.held.descriptors = static_cast<std::uint32_t>(std::popcount(l.descriptors));
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const auto heap = mallinfo2();
  l.held.bytes = heap.uordblks + heap.hblkhd;
#endif
  return l;
}

std::uint32_t Leftovers::changes_to(const Leftovers& after) const {
  std::uint32_t changes = 0;
  for (int s = 1; s < kSignals; ++s)
    if (handlers[s].sa_handler != after.handlers[s].sa_handler) changes |= wire::kSignalHandler;
  if (descriptors & ~after.descriptors) changes |= wire::kDescriptorClosed;
  if (after.children > children) changes |= wire::kChildLeft;
  return changes;
}

void Leftovers::restore() const {
  for (int s = 1; s < kSignals; ++s)
    if (s != SIGKILL && s != SIGSTOP) sigaction(s, &handlers[s], nullptr);
}

}  // namespace softmark
