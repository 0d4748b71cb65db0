// SPDX-License-Identifier: Apache-2.0
#include "kernels/leftovers.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "support/emulation.h"
#include "support/hash.h"
#include "support/strays.h"

namespace softmark {
namespace {

/// A file of /proc as it is; empty where it cannot be read. Allocates nothing.
template <class Use>
void read_in_parts(const char* path, Use use) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  char part[4096];
  for (ssize_t n; fd >= 0 && (n = read(fd, part, sizeof part)) > 0;)
    use(std::string_view(part, static_cast<std::size_t>(n)));
  if (fd >= 0) close(fd);
}

/// The address space in use, touched or not.
std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  read_in_parts("/proc/self/statm", [&](std::string_view text) {
    pages = 0;
    for (const char c : text.substr(0, text.find(' ')))
      pages = 10 * pages + static_cast<std::uint64_t>(c - '0');
  });
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Maps {
  std::uint32_t lines = 0;
  std::uint64_t bytes = 0;
};

/// Each line begins with "START-END ", in hexadecimal digits.
Maps maps() {
  Maps all;
  std::uint64_t start = 0, number = 0;
  bool in_addresses = true;
  read_in_parts("/proc/self/maps", [&](std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        ++all.lines;
        in_addresses = true;
        number = 0;
      } else if (in_addresses && c == '-') {
        start = std::exchange(number, 0);
      } else if (in_addresses && c == ' ') {
        all.bytes += number - start;
        in_addresses = false;
      } else if (in_addresses) {
        number = 16 * number + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
      }
    }
  });
  return all;
}

/// Under emulation statm is the emulator's, which itself grows with each thread; maps is the
/// program's alone, and slow.
void look_at_address_space(bool closely, wire::Held& held) {
  static const bool emulated = is_emulated();
  if (!emulated) held.mapped = mapped_bytes();
  if (!closely) return;
  const Maps now = maps();
  held.maps = now.lines;
  if (emulated) held.mapped = now.bytes;
}

/// A bit for each.
std::uint64_t open_descriptors() {
  pollfd all[Leftovers::kDescriptors];
  for (int fd = 0; fd < Leftovers::kDescriptors; ++fd) all[fd] = {fd, 0, 0};
  std::uint64_t open = 0;
  if (poll(all, Leftovers::kDescriptors, 0) < 0) return open;
  for (const pollfd& one : all)
    if (!(one.revents & POLLNVAL)) open |= std::uint64_t{1} << one.fd;
  return open;
}

}  // namespace

Leftovers Leftovers::now(int closely) {
  Leftovers l = {};
  for (int s = 1; s < kSignals; ++s) sigaction(s, nullptr, &l.handlers[s]);
  l.descriptors = open_descriptors();
  l.children = static_cast<std::uint32_t>(own_children().size());
  l.umask = ::umask(0);
  ::umask(l.umask);
  sched_getaffinity(0, sizeof l.affinity, &l.affinity);
  for (const int which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval timer = {};
    getitimer(static_cast<__itimer_which_t>(which), &timer);
    l.timers += timer.it_value.tv_sec * 1'000'000 + timer.it_value.tv_usec;
  }
  l.variables = kFnvStart;
  for (char** variable = environ; *variable; ++variable)
    l.variables = fnv1a(*variable, l.variables);
  struct stat tasks;
  l.held.threads =
      stat("/proc/self/task", &tasks) == 0 ? static_cast<std::uint32_t>(tasks.st_nlink) : 0;
  l.held.descriptors = static_cast<std::uint32_t>(std::popcount(l.descriptors));
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const auto heap = mallinfo2();
  l.held.bytes = heap.uordblks + heap.hblkhd;
#endif
  look_at_address_space(closely > 1, l.held);
  return l;
}

Leftovers Leftovers::before_next() const {
  Leftovers l = *this;
  l.descriptors = open_descriptors();
  return l;
}

std::uint32_t Leftovers::changes_to(const Leftovers& after) const {
  std::uint32_t changes = 0;
  for (int s = 1; s < kSignals; ++s)
    if (handlers[s].sa_handler != after.handlers[s].sa_handler) changes |= wire::kSignalHandler;
  if (descriptors & ~after.descriptors) changes |= wire::kDescriptorClosed;
  if (after.descriptors & ~descriptors) changes |= wire::kDescriptorLeft;
  if (after.children > children) changes |= wire::kChildLeft;
  if (after.umask != umask) changes |= wire::kUmask;
  if (!CPU_EQUAL(&after.affinity, &affinity)) changes |= wire::kAffinity;
  if (after.timers != 0 && timers == 0) changes |= wire::kTimer;
  if (after.variables != variables) changes |= wire::kVariables;
  return changes;
}

void Leftovers::restore() const {
  for (int s = 1; s < kSignals; ++s)
    if (s != SIGKILL && s != SIGSTOP) sigaction(s, &handlers[s], nullptr);
  ::umask(umask);
  sched_setaffinity(0, sizeof affinity, &affinity);
}

}  // namespace softmark
