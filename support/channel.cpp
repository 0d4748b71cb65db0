// SPDX-License-Identifier: Apache-2.0
#include "support/channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace softmark {
namespace {

bool receive_all(int fd, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t n = recv(fd, to, size, MSG_WAITALL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::string frame_of(std::uint64_t number, std::string_view message) {
  const FrameHeader header = {number, message.size()};
  std::string frame(message_of(header));
  return frame.append(message);
}

bool Channel::receive(std::string& message) {
  FrameHeader header;
  if (!receive_all(fd_, reinterpret_cast<char*>(&header), sizeof header)) return false;
  if (header.bytes > kMostBytes) return false;
  number_ = header.number;
  message.resize(header.bytes);
  return receive_all(fd_, message.data(), message.size());
}

// Allocates nothing: what a kernel did to the heap shows in its own calls, not here.
bool Channel::send(std::string_view message) const {
  FrameHeader header = {number_, message.size()};
  iovec parts[] = {{&header, sizeof header}, {const_cast<char*>(message.data()), message.size()}};
  msghdr whole = {};
  whole.msg_iov = parts;
  whole.msg_iovlen = std::size(parts);
  while (parts[0].iov_len + parts[1].iov_len > 0) {
    const ssize_t n = sendmsg(fd_, &whole, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    auto sent = static_cast<std::size_t>(n);
    for (iovec& part : parts) {
      const std::size_t of_part = std::min(sent, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + of_part;
      part.iov_len -= of_part;
      sent -= of_part;
    }
  }
  return true;
}

}  // namespace softmark
