// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "support/fuzz.h"

namespace softmark::fuzz {

Input::Input()
    : fd_(memfd_create("softmark-fuzz", MFD_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(fd_)) {
  if (fd_ < 0) std::abort();
}

Input::~Input() { close(fd_); }

const std::string& Input::path(const std::uint8_t* data, std::size_t size) {
  if (ftruncate(fd_, 0) != 0 || pwrite(fd_, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  return path_;
}

}  // namespace softmark::fuzz
