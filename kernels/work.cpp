// SPDX-License-Identifier: Apache-2.0
#include "kernels/work.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cfenv>
#include <utility>

namespace softmark {
namespace {

constexpr std::size_t kGuardBelowStack = std::size_t{64} << 20;  // a large array must not skip it

void* run_work(void* work) {
  (*static_cast<Work*>(work))();
  return nullptr;
}

}  // namespace

void on_thread(Work work, std::size_t stack) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  void* space = MAP_FAILED;
  if (stack > 0) {
    space = mmap(nullptr, kGuardBelowStack + stack, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    auto* bottom = static_cast<std::byte*>(space) + kGuardBelowStack;
    if (space == MAP_FAILED || mprotect(bottom, stack, PROT_READ | PROT_WRITE) != 0) _exit(70);
    pthread_attr_setstack(&attributes, bottom, stack);
  }
  pthread_t thread;
  if (pthread_create(&thread, &attributes, run_work, &work) != 0) _exit(70);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  if (space != MAP_FAILED) munmap(space, kGuardBelowStack + stack);
}

void on_threads(const std::vector<Work>& works) {
  std::vector<pthread_t> threads(works.size());
  for (std::size_t i = 0; i < works.size(); ++i)
    if (pthread_create(&threads[i], nullptr, run_work, const_cast<Work*>(&works[i])) != 0)
      _exit(70);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

void in_region(const std::vector<Work>& works) {
  struct Region {
    const std::vector<Work>& works;
    std::fenv_t callers = {};  // threads keep the state of the call that started them
    std::atomic<std::size_t> next{0};
  } region{works};
  std::fegetenv(&region.callers);
  using Body = void (*)(void*);
  static const auto parallel = reinterpret_cast<void (*)(Body, void*, unsigned, unsigned)>(
      dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  if (!parallel) return on_threads(works);
  parallel(
      [](void* data) {
        auto& of = *static_cast<Region*>(data);
        std::fesetenv(&of.callers);
        for (std::size_t i; (i = of.next++) < of.works.size();) of.works[i]();
      },
      &region, static_cast<unsigned>(works.size()), 0);
}

void in_fork(const Work& work, wire::Reply& reply) {
  auto* shared = static_cast<wire::Reply*>(mmap(
      nullptr, sizeof(wire::Reply), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (shared == MAP_FAILED) _exit(70);
  const pid_t child = fork();
  if (child < 0) _exit(70);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    *shared = reply;
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  if (WEXITSTATUS(status) != 0) _exit(WEXITSTATUS(status));
  reply = *shared;
  munmap(shared, sizeof *shared);
}

}  // namespace softmark
