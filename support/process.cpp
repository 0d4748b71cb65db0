// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "support/error.h"

extern char** environ;

namespace softmark {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  throw Error(kNotMeasurable,
              std::string("cannot start a child process: ") + what + ": " + std::strerror(errno));
}

// Sources are moved far above the targets first, so that one dup2 cannot overwrite the next one's
// source.
class HighDescriptors {
 public:
  int add(int fd) {
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    if (high < 0) fail("fcntl");
    return fds_.emplace_back(high);
  }
  ~HighDescriptors() {
    for (int fd : fds_) close(fd);
  }

 private:
  std::vector<int> fds_;
};

std::string read_memory_file(int fd, std::size_t limit) {
  std::string text;
  char buffer[4096];
  for (off_t at = 0; text.size() < limit;) {
    const ssize_t n = pread(fd, buffer, sizeof buffer, at);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    at += n;
  }
  if (text.size() > limit) text.resize(limit);
  return text;
}

int memory_file(const char* label) {
  const int fd = memfd_create(label, MFD_CLOEXEC);
  if (fd < 0) fail("memfd_create");
  return fd;
}

int interrupt_pipe[2] = {-1, -1};
volatile sig_atomic_t interrupts = 0;

void note_interrupt(int number) {
  interrupts = interrupts + 1;
  if (interrupts > 1) {
    ::signal(number, SIG_DFL);
    raise(number);
  }
  const char byte = 0;
  [[maybe_unused]] const ssize_t n = write(interrupt_pipe[1], &byte, 1);
}

}  // namespace

void watch_interrupts() {
  if (interrupt_pipe[0] >= 0) return;
  if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe2");
  struct sigaction action = {};
  action.sa_handler = note_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupts > 0; }

void adopt_strays() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

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
  // Each round may free grandchildren, which then are children; what forks faster than it is killed
  // is given up on.
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> strays = own_children();
    if (strays.empty()) return;
    for (const pid_t pid : strays) ::kill(pid, SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(1000);
  }
}

Child::Child(const std::vector<std::string>& arguments, const std::vector<int>& fds) {
  noise_ = memory_file("softmark-noise");
  HighDescriptors high;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  const int noise = high.add(noise_);
  posix_spawn_file_actions_adddup2(&actions, noise, 1);
  posix_spawn_file_actions_adddup2(&actions, noise, 2);
  for (std::size_t i = 0; i < fds.size(); ++i)
    posix_spawn_file_actions_adddup2(&actions, high.add(fds[i]), 3 + static_cast<int>(i));

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> argv{const_cast<char*>("softmark")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // The link keeps naming this very program even when the file was replaced or removed meanwhile.
  errno = posix_spawn(&pid_, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (errno != 0) {
    pid_ = -1;
    close(noise_);
    fail("posix_spawn");
  }
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(noise_, other.noise_);
  std::swap(status_, other.status_);
  return *this;
}

Child::~Child() {
  kill();
  if (pidfd_ >= 0) close(pidfd_);
  if (noise_ >= 0) close(noise_);
}

bool Child::ended() {
  if (pid_ < 0 || status_ >= 0) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_ >= 0;
}

bool Child::wait_readable(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    // Without a pidfd (an old kernel, a sandbox) the process is looked at every 20 ms.
    const int wait = static_cast<int>(
        std::max<long long>(0, pidfd_ >= 0 ? left : std::min<long long>(left, 20)));
    pollfd watched[2] = {{fd, POLLIN, 0}, {pidfd_, POLLIN, 0}};
    const int n = poll(watched, pidfd_ >= 0 ? 2 : 1, wait);
    if (n < 0 && errno == EINTR) continue;
    if (watched[0].revents & POLLIN) return true;
    if (ended() || (n == 0 && left <= 0)) return false;
    if (watched[0].revents & (POLLHUP | POLLERR)) {
      // The pipe is closed but the process lives on: nothing will come, so wait for its end alone.
      pollfd end = {pidfd_, POLLIN, 0};
      poll(&end, pidfd_ >= 0 ? 1 : 0, wait);
      if (ended() || Clock::now() >= deadline) return false;
    }
  }
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);  // the whole group, also after its leader's end
  if (status_ >= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
}

int Child::exit_code() const {
  return status_ >= 0 && WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
}

int Child::signal() const { return status_ >= 0 && WIFSIGNALED(status_) ? WTERMSIG(status_) : 0; }

std::string Child::ending() const {
  if (status_ < 0) return "running";
  if (const int number = signal()) {
    const char* abbreviation = sigabbrev_np(number);
    return std::string("killed by ") +
           (abbreviation ? "SIG" + std::string(abbreviation) : std::to_string(number));
  }
  return "exit code " + std::to_string(exit_code());
}

std::string Child::noise() const { return read_memory_file(noise_, 65536); }

Answer ask_child(const std::vector<std::string>& arguments, const std::string& input,
                 double timeout_seconds) {
  const int in = memory_file("softmark-request"), out = memory_file("softmark-answer");
  for (std::size_t done = 0; done < input.size();) {
    const ssize_t n = write(in, input.data() + done, input.size() - done);
    if (n <= 0) fail("write");
    done += static_cast<std::size_t>(n);
  }
  lseek(in, 0, SEEK_SET);
  Child child(arguments, {in, out});
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(timeout_seconds));
  int idle[2];  // never readable: only the end of the child or the deadline wakes the wait
  if (pipe2(idle, O_CLOEXEC) != 0) fail("pipe2");
  const int wake = interrupt_pipe[0] >= 0 ? interrupt_pipe[0] : idle[0];
  Answer answer;
  answer.interrupted = child.wait_readable(wake, deadline);
  answer.timed_out = !answer.interrupted && !child.ended();
  child.kill();
  answer.ok = !answer.timed_out && !answer.interrupted && child.exit_code() == 0;
  answer.ending = answer.interrupted ? "interrupted"
                  : answer.timed_out ? "timed out after " +
                                           std::to_string(static_cast<int>(timeout_seconds)) + " s"
                                     : child.ending();
  answer.output = read_memory_file(out, std::size_t{1} << 30);
  answer.noise = child.noise();
  for (int fd : {in, out, idle[0], idle[1]}) close(fd);
  return answer;
}

}  // namespace softmark
