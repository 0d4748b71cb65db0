// SPDX-License-Identifier: Apache-2.0
#include "kernels/peers/python_bridge.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string_view>
#include <vector>

#include "kernels/names.h"
#include "kernels/peers/places.h"
#include "support/channel.h"
#include "support/child.h"
#include "support/error.h"

namespace softmark::python {
namespace {

using Received = ChildProcess::Received;

// Requests and answers of python_bridge.py.
enum Status : std::int64_t { kDone, kRefused, kFailed, kNoModule };
struct Request {
  std::int64_t total, rows, cols, g, labels, y, g_dimensions, y_dimensions;
};

constexpr std::size_t kMostAnswer = 4096;

struct Interpreter {
  std::string program, extra_path;
};

/// The environment variable that names the interpreter with these modules; "numpy,scipy": by scipy.
std::string variable_of(const std::string& modules) {
  return "_SOFTMARK_PYTHON_WITH_" + modules.substr(modules.rfind(',') + 1);
}

/// $SOFTMARK_PYTHON alone where it is set; else what listing found, the user's python3, and
/// Debian's, which alone can use the scipy that scripts/setup unpacks.
std::vector<Interpreter> interpreters(const std::string& modules) {
  const Interpreter debian = {"/usr/bin/python3",
                              peers_folder() + "/scipy/usr/lib/python3/dist-packages"};
  const auto with_extra_path = [&](const char* program) {
    return program == debian.program ? debian : Interpreter{program, ""};
  };
  const char* chosen = std::getenv("SOFTMARK_PYTHON");
  if (chosen && *chosen) return {with_extra_path(chosen)};
  std::vector<Interpreter> all = {{"python3", ""}, debian};
  if (const char* found = std::getenv(variable_of(modules).c_str()))
    all.insert(all.begin(), with_extra_path(found));
  return all;
}

struct Bridge {
  Function function;
  ChildProcess child;
  int memory = -1;
  std::byte* base = nullptr;
  std::size_t bytes = 0;
  InsideTime inside;
  std::string interpreter;
};
Bridge bridge;

/// Python with the bridge's script. It prints where this process does, so that the worker sees it,
/// and is killed with this process's group.
ChildProcess start_python(const Interpreter& with, const std::vector<std::string>& arguments,
                          int memory) {
  ChildStart start;
  start.program = with.program;
  // -B: no file is left in the user's folder. -W ignore: numpy's warnings are no part of a result,
  // and printing violates the contract.
  start.arguments = {"-B", "-W", "ignore", folder() + "/python_bridge.py"};
  start.arguments.insert(start.arguments.end(), arguments.begin(), arguments.end());
  start.arguments.push_back(with.extra_path);
  if (memory >= 0) start.descriptors = {memory};
  start.shares_output = start.shares_group = true;
  return ChildProcess(start);
}

/// Python's answer, a status and its text; false where none came.
bool receive(ChildProcess& child, std::int64_t& status, std::string& text) {
  std::string answer;
  const auto never = ChildProcess::Clock::time_point::max();
  if (child.receive(answer, kMostAnswer, never) != Received::message) return false;
  if (!parse_message(std::string_view(answer).substr(0, sizeof status), status)) return false;
  text = answer.substr(sizeof status);
  return true;
}

bool send(ChildProcess& child, std::string_view request) {
  return child.send(request, ChildProcess::Clock::time_point::max());
}

void stop() {
  if (bridge.base) munmap(bridge.base, bridge.bytes);
  if (bridge.memory >= 0) close(bridge.memory);
  bridge = {};
}

/// One interpreter tried: its status and text; kNoModule also where it is not there at all.
std::int64_t try_start(const Function& function, const Interpreter& with, std::string& text) try {
  stop();
  bridge.function = function;
  bridge.memory = memfd_create("softmark-python", MFD_CLOEXEC);
  const std::string dtype(type_info(function.dtype).numpy);
  bridge.child =
      start_python(with, {"--run", function.target, dtype, function.modules}, bridge.memory);
  std::int64_t status = kNoModule;
  if (!send(bridge.child, "") || !receive(bridge.child, status, text))
    return text = with.program + " could not be started", kNoModule;
  if (status == kDone) bridge.interpreter = text;
  return status;
} catch (const Error& error) {
  return text = error.what(), kNoModule;
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

/// How many of (rows, cols, cols) the output has.
std::int64_t dimensions_of_y(const OpShape& shape) {
  return shape.output == OpShape::kScalar ? 1 : shape.output == OpShape::kMatrix ? 3 : 2;
}

[[noreturn]] void die(const std::string& why) {
  // The parent captures standard error: this line becomes the verdict.
  std::fprintf(stderr, "%s\n", why.c_str());
  _exit(1);
}

/// Why no answer came.
std::string failure() {
  if (!bridge.child.ended()) return "the Python process wrote to a descriptor that is not its own";
  return std::string("the Python process ") + (bridge.child.signal() ? "was " : "ended with ") +
         bridge.child.ending();
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
  for (const Interpreter& with : interpreters(function.modules)) {
    const auto status = try_start(function, with, text);
    if (status == kDone) return "";
    if (first.empty()) first = text;
    if (status != kNoModule) break;
  }
  stop();
  return text == first ? text : first + "; " + text;
}

int call(const softmark_args* args) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
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
                           number(y),
                           shape.takes_g_row ? 1 : 2,
                           dimensions_of_y(shape)};
  std::int64_t status = kFailed;
  std::string text;
  if (!send(bridge.child, message_of(request)) || !receive(bridge.child, status, text))
    die(failure());
  if (status == kRefused) return 1;
  if (status != kDone) die(text);
  char* waited = nullptr;
  bridge.inside.spent += std::strtod(text.c_str(), &waited);
  bridge.inside.waited += std::strtod(waited, nullptr);
  const std::size_t y_stride = shape.output == OpShape::kScalar ? out : args->y_stride * element;
  copy_rows(static_cast<std::byte*>(args->y), y_stride, bridge.base + y, out, args->rows, out);
  return 0;
}

InsideTime inside() { return bridge.inside; }

About about(const std::string& modules) {
  for (const Interpreter& with : interpreters(modules)) try {
      ChildProcess child = start_python(with, {"--about", modules}, -1);
      std::int64_t status = kFailed;
      std::string text;
      if (!send(child, "") || !receive(child, status, text) || status != kDone) continue;
      std::istringstream lines(text);
      About found;
      std::string interpreter;
      std::getline(std::getline(std::getline(lines, found.version), found.isa), interpreter);
      found.environment = variable_of(modules) + "=" + interpreter;
      return found;
    } catch (const Error&) {
      // This interpreter is not there.
    }
  return {};
}

std::string environment() {
  return bridge.interpreter.empty()
             ? ""
             : variable_of(bridge.function.modules) + "=" + bridge.interpreter;
}

}  // namespace softmark::python
