// SPDX-License-Identifier: Apache-2.0
#include "support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "support/channel.h"
#include "support/emulation.h"
#include "support/error.h"
#include "support/fork_server.h"
#include "support/interrupts.h"

extern char** environ;

namespace softmark {
namespace {

using Received = ChildProcess::Received;

constexpr std::size_t kMostOutput = 65536;
constexpr int kUntold = 0x7f;     // a status of neither an exit nor a signal: another one waited
constexpr int kAboveTargets = 8;  // low enough for a shell that allows few descriptors

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw Error(kNotMeasurable,
              "cannot start a child process: " + what + ": " + std::strerror(error));
}

/// What posix_spawn does in the child. Descriptors are moved far above their targets first, so that
/// one dup2 cannot overwrite the next one's source.
class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    for (int fd : high_) close(fd);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void place(int fd, int target) {
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, kAboveTargets);
    // EINVAL: the limit is below the number asked for.
    if (high < 0) fail("descriptor " + std::to_string(fd), errno == EINVAL ? EMFILE : errno);
    high_.push_back(high);
    posix_spawn_file_actions_adddup2(&actions_, high, target);
  }
  /// What else this process has open is none of the child's.
  void close_from([[maybe_unused]] int first) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions_, first);
#endif
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
  std::vector<int> high_;
};

/// No signal blocked, ignored or handled, whatever this process does with them.
class SpawnAttributes {
 public:
  explicit SpawnAttributes(bool own_group) {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

void close_if_open(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

/// What is executed, and its arguments, its name first.
struct Command {
  std::string program;
  std::vector<std::string> words;
};

Command command_of(const ChildStart& start) {
  Command command{start.program, {start.program}};
  if (start.program.empty() && emulator().empty()) {
    // The link keeps naming this very program even when the file was replaced or removed meanwhile.
    command = {"/proc/self/exe", {"softmark"}};
  } else if (start.program.empty()) {
    std::error_code none;  // an emulator would find itself behind the link, and gets the file
    command = {emulator(),
               {emulator(), std::filesystem::read_symlink("/proc/self/exe", none).string()}};
  }
  command.words.insert(command.words.end(), start.arguments.begin(), start.arguments.end());
  return command;
}

/// Returns the child's process id; throws where there is none.
pid_t spawn(const ChildStart& start, int channel, int output) {
  SpawnActions actions;
  if (!start.shares_output)
    for (const int target : {1, 2}) actions.place(output, target);
  int target = Channel::kDescriptor;
  actions.place(channel, target++);
  for (const int fd : start.descriptors) actions.place(fd, target++);
  actions.close_from(target);
  const SpawnAttributes attributes(!start.shares_group);

  const Command command = command_of(start);
  std::vector<char*> argv;
  for (const auto& word : command.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> variables;
  for (const auto& variable : start.environment)  // the first of a name counts
    variables.push_back(const_cast<char*>(variable.c_str()));
  for (char** variable = environ; *variable; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, command.program.c_str(), actions.get(), attributes.get(),
                                 argv.data(), variables.data());
  if (error != 0) fail(command.words[0], error);
  return pid;
}

std::uint64_t random_number() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

}  // namespace

ChildProcess::ChildProcess(const ChildStart& start)
    : shares_group_(start.shares_group),
      ends_at_interrupt_(start.ends_at_interrupt),
      number_(random_number()) {
  int ends[2] = {-1, -1};
  try {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    channel_ = ends[0];
    if (!start.shares_output && (output_ = memfd_create("softmark-output", MFD_CLOEXEC)) < 0)
      fail("memfd_create");
    pid_ = spawn(start, ends[1], output_);
  } catch (...) {
    for (int* fd : {&channel_, &ends[1], &output_}) close_if_open(*fd);
    throw;
  }
  close(ends[1]);
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

ChildProcess ChildProcess::copy(const std::vector<int>& descriptors, Clock::time_point deadline) {
  ChildProcess made;
  made.number_ = random_number();
  made.ends_at_interrupt_ = ends_at_interrupt_;
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  made.channel_ = ends[0];
  made.output_ = memfd_create("softmark-output", MFD_CLOEXEC);
  std::vector<int> given = {ends[1], made.output_};
  given.insert(given.end(), descriptors.begin(), descriptors.end());
  std::string reply;
  std::int64_t pid = -1;
  const bool asked = made.output_ >= 0 && send("", deadline) && send_descriptors(channel_, given);
  close(ends[1]);
  if (asked && receive(reply, sizeof pid, deadline) == Received::message &&
      parse_message(reply, pid) && pid > 0) {
    made.pid_ = static_cast<pid_t>(pid);
    made.pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, made.pid_, 0));
  }
  return made;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(channel_, other.channel_);
  std::swap(output_, other.output_);
  std::swap(status_, other.status_);
  std::swap(shares_group_, other.shares_group_);
  std::swap(ends_at_interrupt_, other.ends_at_interrupt_);
  std::swap(closed_, other.closed_);
  std::swap(number_, other.number_);
  std::swap(unread_, other.unread_);
  return *this;
}

ChildProcess::~ChildProcess() {
  kill();
  for (int* fd : {&pidfd_, &channel_, &output_}) close_if_open(*fd);
}

/// Waits until the channel is ready for `events` (message), or for what ends the wait.
Received ChildProcess::wait(short events, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        deadline == Clock::time_point::max()
            ? INT_MAX
            : std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    // Without a pidfd (an old kernel, a sandbox) the process is looked at every 20 ms.
    const auto longest = pidfd_ >= 0 ? INT_MAX : 20;
    const int milliseconds = static_cast<int>(std::clamp<long long>(left, 0, longest));
    pollfd watched[] = {{closed_ ? -1 : channel_, events, 0},
                        {pidfd_, POLLIN, 0},
                        {ends_at_interrupt_ ? interrupt_descriptor() : -1, POLLIN, 0}};
    const int ready = poll(watched, std::size(watched), milliseconds);
    if (ready > 0 && watched[0].revents) return Received::message;
    if (ended()) return Received::ended;
    if (ready > 0 && watched[2].revents) return Received::interrupted;
    if (ready <= 0 && left <= 0) return Received::timed_out;
  }
}

bool ChildProcess::read_more() {
  char buffer[65536];
  const ssize_t n = closed_ ? 0 : recv(channel_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n > 0) unread_.append(buffer, static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) closed_ = true;
  return n > 0;
}

bool ChildProcess::send(std::string_view message, Clock::time_point deadline) {
  const std::string frame = frame_of(++number_, message);
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n =
        ::send(channel_, frame.data() + done, frame.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    const bool full = unread_.size() > Channel::kMostBytes;
    if (wait(full ? POLLOUT : POLLIN | POLLOUT, deadline) != Received::message) return false;
    if (!full) read_more();
    if (closed_) return false;
  }
  return true;
}

Received ChildProcess::receive(std::string& message, std::size_t most_bytes,
                               Clock::time_point deadline) {
  for (;;) {
    FrameHeader header;
    if (parse_message(std::string_view(unread_).substr(0, sizeof header), header)) {
      if (header.number != number_ || header.bytes > most_bytes) return Received::foreign;
      if (unread_.size() - sizeof header >= header.bytes) {
        message.assign(unread_, sizeof header, header.bytes);
        unread_.erase(0, sizeof header + header.bytes);
        return Received::message;
      }
    }
    const Received event = wait(POLLIN, deadline);
    // What the child sent just before its end is read too.
    if (!read_more() && event != Received::message) return event;
  }
}

double ChildProcess::cpu_seconds() const {
  clockid_t clock;
  timespec used = {};
  if (pid_ <= 0 || clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0)
    return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

bool ChildProcess::ended() {
  if (pid_ < 0 || status_ >= 0) return true;
  int status = 0;
  const pid_t one = waitpid(pid_, &status, WNOHANG);
  if (one == pid_) status_ = status;
  if (one < 0 && errno == ECHILD) status_ = kUntold;
  return status_ >= 0;
}

bool ChildProcess::wait_end(Clock::time_point deadline) {
  while (!ended() && Clock::now() < deadline) usleep(200);
  return ended();
}

void ChildProcess::kill() {
  if (pid_ < 0) return;
  if (!shares_group_) ::kill(-pid_, SIGKILL);  // the whole group, also after its leader's end
  if (status_ >= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, &status_, 0) < 0)
    if (errno != EINTR) {
      status_ = kUntold;
      return;
    }
}

int ChildProcess::exit_code() const {
  return status_ >= 0 && WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
}

int ChildProcess::signal() const {
  return status_ >= 0 && WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
}

std::string ChildProcess::ending() const {
  if (status_ < 0) return "running";
  if (status_ == kUntold) return "ended in an unknown way";
  if (const int number = signal()) {
    const char* abbreviation = sigabbrev_np(number);
    return std::string("killed by ") +
           (abbreviation ? "SIG" + std::string(abbreviation) : "signal " + std::to_string(number));
  }
  return "exit code " + std::to_string(exit_code());
}

std::string ChildProcess::output() const {
  std::string text(kMostOutput, '\0');
  std::size_t size = 0;
  for (ssize_t n; size < text.size(); size += static_cast<std::size_t>(n))
    if ((n = pread(output_, text.data() + size, text.size() - size, static_cast<off_t>(size))) <= 0)
      break;
  text.resize(size);
  return text;
}

ChildProcess::Clock::time_point deadline_after(double seconds) {
  using Clock = ChildProcess::Clock;
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

std::string first_line(const std::string& output) {
  return output.substr(0, output.find('\n')).substr(0, 200);
}

}  // namespace softmark
