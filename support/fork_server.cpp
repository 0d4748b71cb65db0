// SPDX-License-Identifier: Apache-2.0
#include "support/fork_server.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace softmark {
namespace {

constexpr std::size_t kMostDescriptors = 8;

/// A message of one byte with room for descriptors beside it.
struct Parcel {
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(kMostDescriptors * sizeof(int))] = {};
  msghdr whole = {};
  Parcel() {
    whole.msg_iov = &part;
    whole.msg_iovlen = 1;
    whole.msg_control = room;
    whole.msg_controllen = sizeof room;
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
};

std::vector<int> receive_descriptors(int socket) {
  Parcel parcel;
  ssize_t n = 0;
  while ((n = recvmsg(socket, &parcel.whole, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  const cmsghdr* header = n == 1 ? CMSG_FIRSTHDR(&parcel.whole) : nullptr;
  if (!header || header->cmsg_type != SCM_RIGHTS) return {};
  std::vector<int> descriptors((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  std::memcpy(descriptors.data(), CMSG_DATA(header), descriptors.size() * sizeof(int));
  return descriptors;
}

/// The channel, the output, and what else the copy was given. Their numbers here are above those
/// that they get: this process has all of these open.
void take(const std::vector<int>& descriptors) {
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const int fd = descriptors[i], at = Channel::kDescriptor + static_cast<int>(i);
    if (i == 1) {
      dup2(fd, 1);
      dup2(fd, 2);
    } else {
      dup2(fd, i == 0 ? at : at - 1);
    }
    close(fd);
  }
  fcntl(Channel::kDescriptor, F_SETFD, FD_CLOEXEC);
}

/// Forks twice: the one between ends at once, so that the copy is the child of who adopts strays.
/// Returns 0 in the copy, else its process id or -1.
pid_t fork_away() {
  static auto* const copy = static_cast<volatile pid_t*>(
      mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (copy == MAP_FAILED) return -1;
  *copy = -1;
  const pid_t between = fork();
  if (between == 0) {
    const pid_t self = getpid(), pid = fork();
    if (pid == 0) {
      setpgid(0, 0);
      while (getppid() == self) sched_yield();
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return 0;
    }
    if (pid > 0) setpgid(pid, pid);  // whoever of the two comes first
    *copy = pid;
    _exit(0);
  }
  while (between > 0 && waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return *copy;
}

}  // namespace

bool send_descriptors(int socket, const std::vector<int>& descriptors) {
  if (descriptors.size() > kMostDescriptors) return false;
  Parcel parcel;
  const std::size_t bytes = descriptors.size() * sizeof(int);
  parcel.whole.msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* header = CMSG_FIRSTHDR(&parcel.whole);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  return sendmsg(socket, &parcel.whole, MSG_NOSIGNAL) == 1;
}

bool serve_forks(Channel& parent) {
  std::fflush(nullptr);  // or each copy would write it again
  std::string request;
  while (parent.receive(request)) {
    const std::vector<int> given = receive_descriptors(Channel::kDescriptor);
    const pid_t pid = given.size() < 2 ? -1 : fork_away();
    if (pid == 0) {
      take(given);
      return true;
    }
    for (const int fd : given) close(fd);
    if (!parent.send(message_of(std::int64_t{pid}))) return false;
  }
  return false;
}

}  // namespace softmark
