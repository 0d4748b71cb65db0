// SPDX-License-Identifier: Apache-2.0
#include "support/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "support/channel.h"
#include "support/error.h"
#include "support/files.h"
#include "support/hash.h"

namespace softmark {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 30;

[[noreturn]] void cannot_write(const std::string& path) {
  throw Error(kNotMeasurable, "cannot write " + path + ": " + std::strerror(errno));
}

/// Takes the first entry off `rest`; false where none is whole.
bool take_entry(std::string_view& rest, std::string_view& entry) {
  FrameHeader header;
  if (!parse_message(rest.substr(0, sizeof header), header)) return false;
  if (header.bytes > rest.size() - sizeof header) return false;
  entry = rest.substr(sizeof header, header.bytes);
  rest.remove_prefix(sizeof header + header.bytes);
  return header.number == fnv1a(entry);
}

}  // namespace

Journal::Journal(const std::string& path, std::string_view identity, bool resumes) : path_(path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) cannot_write(path);
  try {
    begin(identity, resumes);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

void Journal::begin(std::string_view identity, bool resumes) {
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw Error(kUsage, path_ + ": another run writes to it; wait for that, or choose another -o");
  const std::string text = read_file(path_, kMostBytes);
  if (!text.empty()) return read(text, identity, resumes);
  add(identity);
  entries_ = 0;
}

void Journal::read(std::string_view text, std::string_view identity, bool resumes) {
  std::string_view rest = text, entry;
  if (!take_entry(rest, entry))
    throw Error(kUsage, path_ + ": is no journal of softmark; remove it, or choose another -o");
  if (!resumes)
    throw Error(kUsage, path_ +
                            ": is what a run that did not end has done; go on with it by "
                            "--resume, or remove it");
  if (entry != identity)
    throw Error(kUsage, path_ +
                            ": is of another run (build, kernels, set, effort, seed or files); "
                            "give the same again, or remove it");
  std::string_view broken = rest;
  for (; take_entry(rest, entry); broken = rest) found_.emplace_back(entry);
  entries_ = found_.size();
  if (::ftruncate(fd_, static_cast<off_t>(text.size() - broken.size())) != 0) cannot_write(path_);
}

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

Journal::Journal(Journal&& other) noexcept { *this = std::move(other); }

Journal& Journal::operator=(Journal&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(entries_, other.entries_);
  std::swap(found_, other.found_);
  std::swap(synced_, other.synced_);
  return *this;
}

void Journal::add(std::string_view entry) {
  if (fd_ < 0) return;
  const std::string frame = frame_of(fnv1a(entry), entry);
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n = ::write(fd_, frame.data() + done, frame.size() - done);
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) cannot_write(path_);
  }
  ++entries_;
  // A process that is killed loses nothing; a machine that fails, a second's work.
  const auto now = std::chrono::steady_clock::now();
  if (now - synced_ < std::chrono::seconds(1)) return;
  synced_ = now;
  ::fdatasync(fd_);
}

void Journal::remove() {
  if (fd_ >= 0) ::unlink(path_.c_str());
}

}  // namespace softmark
