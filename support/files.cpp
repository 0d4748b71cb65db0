// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace softmark {
namespace {

/// A descriptor that closes itself; close() reports what closing has to say (a full disk may be
/// reported only then).
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd <= STDERR_FILENO || ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

[[noreturn]] void cannot_write(const std::string& where, int error) {
  const char* advice = error == ENOSPC || error == EDQUOT
                           ? "free some space or name another place with -o"
                       : error == EISDIR ? "name a file inside it with -o"
                       : error == ENOENT ? "create that folder first"
                                         : "name another place with -o";
  throw Error(kNotMeasurable,
              fmt::format("cannot write {}: {}; {}", where, std::strerror(error), advice));
}

void write_directly(const std::string& path, int flags, std::string_view text) {
  Descriptor out(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666));
  if (out.get() < 0 || !write_all(out.get(), text) || !out.close()) cannot_write(path, errno);
}

void write_beside_and_rename(const std::string& path, const struct stat* existing,
                             std::string_view text) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(temporary.c_str());  // left by a killed process of the same number
  Descriptor out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (out.get() < 0) cannot_write(path, errno);
  const bool done = (!existing || ::fchmod(out.get(), existing->st_mode & 07777) == 0) &&
                    write_all(out.get(), text) && ::fsync(out.get()) == 0 && out.close() &&
                    ::rename(temporary.c_str(), path.c_str()) == 0;
  if (done) return;
  const int error = errno;
  ::unlink(temporary.c_str());
  cannot_write(path, error);
}

}  // namespace

std::string read_file(const std::string& path) {
  Descriptor in(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[1 << 16];
  ssize_t got = -1;
  while (in.get() >= 0 &&
         ((got = ::read(in.get(), buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)))
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  if (got < 0)
    throw Error(kUnreadable, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return text;
}

void write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    if (std::fflush(stdout) != 0 || !write_all(STDOUT_FILENO, text))
      cannot_write("standard output", errno);
    return;
  }
  struct stat target {};
  if (::stat(path.c_str(), &target) != 0) {
    if (errno != ENOENT) cannot_write(path, errno);
    return write_beside_and_rename(path, nullptr, text);
  }
  if (S_ISDIR(target.st_mode)) cannot_write(path, EISDIR);
  if (::access(path.c_str(), W_OK) != 0) cannot_write(path, errno);
  if (!S_ISREG(target.st_mode))
    return write_directly(path, 0, text);  // no rename can replace a device or a pipe
  char resolved[PATH_MAX];  // through a symbolic link the file behind it is replaced, not the link
  if (!::realpath(path.c_str(), resolved)) cannot_write(path, errno);
  write_beside_and_rename(resolved, &target, text);
}

void check_writable(const std::string& path) {
  struct stat target {};
  if (path == "-") return;
  if (::stat(path.c_str(), &target) == 0) {
    if (S_ISDIR(target.st_mode)) cannot_write(path, EISDIR);
    if (::access(path.c_str(), W_OK) != 0) cannot_write(path, errno);
    return;
  }
  if (errno != ENOENT) cannot_write(path, errno);
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::access(folder.c_str(), W_OK) != 0) cannot_write(path, errno);
}

void append_file(const std::string& path, std::string_view text) {
  write_directly(path, O_CREAT | O_APPEND, text);
}

}  // namespace softmark
