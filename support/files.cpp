// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
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
                       : error == ENXIO  ? "nothing reads from this pipe"
                       : error == ENOENT ? "create that folder first"
                                         : "name another place with -o";
  throw Error(kNotMeasurable,
              fmt::format("cannot write {}: {}; {}", where, std::strerror(error), advice));
}

constexpr int kPipeMilliseconds = 3000;  // until the other end of a named pipe is opened

void write_directly(const std::string& path, int flags, std::string_view text) {
  int fd = -1;
  // A named pipe that no one opens for reading would block for ever: ENXIO.
  for (int waited = 0; waited <= kPipeMilliseconds; waited += 50) {
    fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | flags, 0666);
    if (fd >= 0 || errno != ENXIO) break;
    ::usleep(50000);
    errno = ENXIO;
  }
  Descriptor out(fd);
  if (fd < 0) cannot_write(path, errno);
  ::fcntl(fd, F_SETFL, flags);
  if (!write_all(fd, text) || !out.close()) cannot_write(path, errno);
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

/// Opens a file to be read. A named pipe that no one opens for writing would block for ever.
int open_input(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    throw Error(kUnreadable, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
    pollfd watched{fd, POLLIN, 0};
    if (::poll(&watched, 1, kPipeMilliseconds) == 0) {
      char byte;  // none comes: without a writer that is the end, with one an error (EAGAIN)
      if (::read(fd, &byte, 1) == 0) {
        ::close(fd);
        throw Error(kUnreadable, fmt::format("cannot read {}: nothing writes to this pipe", path));
      }
    }
  }
  ::fcntl(fd, F_SETFL, 0);
  return fd;
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most_bytes) {
  const std::string named = path == "-" ? "standard input" : path;
  Descriptor in(path == "-" ? STDIN_FILENO : open_input(path));
  struct stat status {};
  const auto refuse_size = [&] {
    throw Error(kUnreadable,
                fmt::format("{} holds more than {} MiB, the most that is read; split it", named,
                            most_bytes >> 20));
  };
  if (::fstat(in.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      static_cast<std::uint64_t>(status.st_size) > most_bytes)
    refuse_size();
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(in.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw Error(kUnreadable, fmt::format("cannot read {}: {}", named, std::strerror(errno)));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most_bytes) refuse_size();
  }
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

FolderLock::FolderLock(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  fd_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0) cannot_write(path, errno);
  while (::flock(fd_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    throw Error(kNotMeasurable, fmt::format("cannot lock {}: {}; try again, or use a local folder",
                                            folder, std::strerror(error)));
  }
}

FolderLock::~FolderLock() { ::close(fd_); }

void reserve_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one. Standard input opened for writing cannot be read, and the
    // other way round.
    [[maybe_unused]] const int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace softmark
