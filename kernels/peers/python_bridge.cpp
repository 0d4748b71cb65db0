// SPDX-License-Identifier: Apache-2.0
#include "kernels/peers/python_bridge.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/names.h"
#include "kernels/peers/places.h"

namespace softmark::python {
namespace {

enum Status : std::int64_t { kDone, kRefused, kFailed, kNoModule };
struct Request {
  std::int64_t total, rows, cols, g, labels, y;
};
struct Header {
  std::int64_t status, length;
};

struct Interpreter {
  std::string program, extra_path;
};

/// $SOFTMARK_PYTHON alone where it is set; else the user's python3, and Debian's, which alone can
/// use the scipy that scripts/setup unpacks.
std::vector<Interpreter> interpreters() {
  const Interpreter debian = {"/usr/bin/python3",
                              peers_folder() + "/scipy/usr/lib/python3/dist-packages"};
  const char* chosen = std::getenv("SOFTMARK_PYTHON");
  if (chosen && *chosen) return {chosen == debian.program ? debian : Interpreter{chosen, ""}};
  return {{"python3", ""}, debian};
}

struct Bridge {
  Function function;
  pid_t pid = -1;
  int socket = -1, memory = -1;
  std::byte* base = nullptr;
  std::size_t bytes = 0;
  Request last = {};
};
Bridge bridge;

/// The child's side of fork, up to exec. Python gets the socket as 3, the memory as 4, and nothing
/// else of ours; it ends with us.
[[noreturn]] void become_python(const Interpreter& with, std::vector<const char*> arguments,
                                pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int socket = fcntl(bridge.socket, F_DUPFD, 100),
            memory = fcntl(bridge.memory, F_DUPFD, 100);
  dup2(socket, 3);
  dup2(memory, 4);
  close_range(5, ~0u, 0);
  const std::string script = folder() + "/python_bridge.py";
  // -B: no file is left in the user's folder. -W ignore: numpy's warnings are no part of a result,
  // and printing is a breach.
  arguments.insert(arguments.begin(), {with.program.c_str(), "-B", "-W", "ignore", script.c_str()});
  arguments.push_back(with.extra_path.c_str());
  arguments.push_back(nullptr);
  execvp(with.program.c_str(), const_cast<char* const*>(arguments.data()));
  _exit(127);
}

bool receive(void* data, std::size_t size) {
  ssize_t n;
  do n = recv(bridge.socket, data, size, MSG_WAITALL);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(size);
}

/// Python's answer: a status and its text.
bool hear(std::int64_t& status, std::string& text) {
  Header header;
  if (!receive(&header, sizeof header)) return false;
  text.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(header.length, 0, 4096)));
  status = header.status;
  return text.empty() || receive(text.data(), text.size());
}

void stop() {
  if (bridge.socket >= 0) close(bridge.socket);
  if (bridge.memory >= 0) close(bridge.memory);
  if (bridge.base) munmap(bridge.base, bridge.bytes);
  if (bridge.pid > 0) {
    kill(bridge.pid, SIGKILL);
    waitpid(bridge.pid, nullptr, 0);
  }
  bridge = {};
}

/// One interpreter tried: its status and text; kNoModule also where it is not there at all.
std::int64_t try_start(const Function& function, const Interpreter& with, std::string& text) {
  stop();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return text = "socketpair: " + std::string(std::strerror(errno)), kFailed;
  bridge.function = function;
  bridge.socket = ends[1];
  bridge.memory = memfd_create("softmark-python", MFD_CLOEXEC);
  const std::string op(name(function.op)), dtype(type_info(function.dtype).numpy);
  const pid_t parent = getpid();
  bridge.pid = fork();
  if (bridge.pid == 0)
    become_python(
        with,
        {"--run", function.target.c_str(), op.c_str(), dtype.c_str(), function.modules.c_str()},
        parent);
  close(std::exchange(bridge.socket, ends[0]));
  if (bridge.pid < 0) return text = "fork: " + std::string(std::strerror(errno)), kFailed;
  std::int64_t status = kNoModule;
  if (!hear(status, text)) return text = with.program + " could not be started", kNoModule;
  return status;
}

/// Room for `bytes`, with what was there lost. Grows by doubling, so that a sweep over lengths maps
/// seldom.
bool reserve(std::size_t bytes) {
  if (bytes <= bridge.bytes) return true;
  if (bridge.base) munmap(bridge.base, bridge.bytes);
  bridge.base = nullptr;
  bridge.bytes = std::max({bytes, 2 * bridge.bytes, std::size_t{1} << 16});
  if (ftruncate(bridge.memory, static_cast<off_t>(bridge.bytes)) != 0) return false;
  void* mapped = mmap(nullptr, bridge.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bridge.memory, 0);
  if (mapped == MAP_FAILED) return false;
  bridge.base = static_cast<std::byte*>(mapped);
  return true;
}

/// Rows between a caller's array and a dense one.
void copy_rows(std::byte* to, std::size_t to_stride, const std::byte* from, std::size_t from_stride,
               std::size_t rows, std::size_t width) {
  if (to_stride == width && from_stride == width) return void(std::memcpy(to, from, rows * width));
  for (std::size_t r = 0; r < rows; ++r)
    std::memcpy(to + r * to_stride, from + r * from_stride, width);
}

[[noreturn]] void die(const std::string& why) {
  // Standard output and error are watched by the host: this line is what the verdict says.
  std::fprintf(stderr, "%s\n", why.c_str());
  _exit(1);
}

/// How Python ended, where the socket says that it did.
std::string ending() {
  int status = 0;
  waitpid(bridge.pid, &status, 0);
  bridge.pid = -1;
  if (WIFSIGNALED(status))
    return std::string("the Python process was killed by SIG") + sigabbrev_np(WTERMSIG(status));
  return "the Python process ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::string folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void*>(&folder), &info)) return ".";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

std::string start(const Function& function) {
  std::string text, first;
  for (const Interpreter& with : interpreters()) {
    const auto status = try_start(function, with, text);
    if (status == kDone) return "";
    if (first.empty()) first = text;
    if (status != kNoModule) break;
  }
  stop();
  return text == first ? text : first + "; " + text;
}

int call(const softmark_args* args) {
  const softmark_op op = bridge.function.op;
  const OpShape shape = shape_of(op);
  const std::size_t element = bytes_of(bridge.function.dtype);
  const std::size_t row = args->cols * element, x = args->rows * row,
                    out = outputs_of(op, args->cols) * element;
  if (args->rows * out == 0) return 0;  // nothing to write: Python is not asked
  const auto aligned = [](std::size_t n) { return (n + 63) / 64 * 64; };
  const std::size_t g_bytes = shape.takes_g ? x : shape.takes_g_row ? args->rows * element : 0;
  const std::size_t g = aligned(x), labels = g + aligned(g_bytes),
                    y = labels + aligned(shape.takes_labels ? args->rows * 8 : 0);
  if (!reserve(y + args->rows * out)) return 1;
  copy_rows(bridge.base, row, static_cast<const std::byte*>(args->x), args->x_stride * element,
            args->rows, row);
  if (shape.takes_g)
    copy_rows(bridge.base + g, row, static_cast<const std::byte*>(args->g),
              args->g_stride * element, args->rows, row);
  if (shape.takes_g_row) std::memcpy(bridge.base + g, args->g, g_bytes);
  if (shape.takes_labels) std::memcpy(bridge.base + labels, args->labels, args->rows * 8);
  const auto number = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  const Request request = {number(bridge.bytes),
                           number(args->rows),
                           number(args->cols),
                           g_bytes ? number(g) : -1,
                           shape.takes_labels ? number(labels) : -1,
                           number(y)};
  std::int64_t status = kFailed;
  std::string text;
  if (send(bridge.socket, &request, sizeof request, MSG_NOSIGNAL) != sizeof request ||
      !hear(status, text))
    die(ending());
  if (status == kRefused) return 1;
  if (status != kDone) die(text);
  const std::size_t y_stride = shape.output == OpShape::kScalar ? out : args->y_stride * element;
  copy_rows(static_cast<std::byte*>(args->y), y_stride, bridge.base + y, out, args->rows, out);
  return 0;
}

std::string version_of(const std::string& module) {
  for (const Interpreter& with : interpreters()) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "";
    const std::string script = folder() + "/python_bridge.py";
    const pid_t pid = fork();
    if (pid == 0) {
      dup2(ends[1], 1);
      execlp(with.program.c_str(), with.program.c_str(), "-B", script.c_str(), "--version",
             module.c_str(), with.extra_path.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string text;
    char buffer[256];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 1;
    if (pid > 0) waitpid(pid, &status, 0);
    if (status == 0) return text.substr(0, text.find('\n'));
  }
  return "";
}

}  // namespace softmark::python
