// SPDX-License-Identifier: Apache-2.0
// Messages between a process and its child, on a socket pair: a header, then so many bytes. Small
// requests and replies are JSON or a fixed struct; arrays lie in shared memory beside the channel.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace softmark {

struct FrameHeader {
  std::uint64_t number;  // of the request; replies repeat it, so that nothing else passes for one
  std::uint64_t bytes;   // of the message that follows
};

/// Header and message, as they are sent.
std::string frame_of(std::uint64_t number, std::string_view message);

/// A struct of plain numbers as a message.
template <class T>
std::string_view message_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
/// Several, one after the other.
template <class T>
std::string_view message_of(std::span<const T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
/// And back: how many they are; 0 where the message is not of one to `values.size()` of them.
template <class T>
std::size_t parse_messages(std::string_view message, std::span<T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (message.size() % sizeof(T) != 0 || message.size() > values.size_bytes()) return 0;
  if (!message.empty()) std::memcpy(values.data(), message.data(), message.size());
  return message.size() / sizeof(T);
}
/// Back from one; false where the message has another length.
template <class T>
bool parse_message(std::string_view message, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (message.size() != sizeof value) return false;
  std::memcpy(&value, message.data(), sizeof value);
  return true;
}

/// The child's end. Blocks; the parent's end, which has deadlines, is ChildProcess.
class Channel {
 public:
  static constexpr int kDescriptor = 3;                            // of the channel in every child
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of one message

  explicit Channel(int fd = kDescriptor) : fd_(fd) {}
  /// The next message; false where the parent has closed its end or the descriptor is gone.
  bool receive(std::string& message);
  /// A reply to the message received last; as many as wanted. False where it could not be sent.
  bool send(std::string_view message) const;

 private:
  int fd_;
  std::uint64_t number_ = 0;
};

}  // namespace softmark
