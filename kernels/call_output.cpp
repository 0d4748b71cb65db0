// SPDX-License-Identifier: Apache-2.0
#include "kernels/call_output.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace softmark {
namespace {

constexpr int kClear = 0xff;
constexpr std::size_t kMostRows = 512, kPlaces = 8;  // that are looked at; the latter of a row
constexpr useconds_t kLate = 2000;  // microseconds: a thread that writes late is done by then

}  // namespace

std::vector<std::byte> CallOutput::copy() const {
  std::vector<std::byte> all;
  all.reserve(rows * row_bytes);
  for (std::size_t r = 0; r < rows; ++r)
    all.insert(all.end(), at + r * step_bytes, at + r * step_bytes + row_bytes);
  return all;
}

bool CallOutput::equals(const std::vector<std::byte>& other) const {
  for (std::size_t r = 0; r < rows; ++r)
    if (std::memcmp(at + r * step_bytes, other.data() + r * row_bytes, row_bytes) != 0)
      return false;
  return true;
}

void CallOutput::set(const std::vector<std::byte>& from) const {
  for (std::size_t r = 0; r < rows; ++r)
    std::memcpy(at + r * step_bytes, from.data() + r * row_bytes, row_bytes);
}

void CallOutput::clear() const {
  for (std::size_t r = 0; r < rows; ++r) std::memset(at + r * step_bytes, kClear, row_bytes);
}

bool CallOutput::is_written_late() const {
  if (element < 2 || row_bytes == 0) return false;  // in one byte these bits are a common result
  const auto is_clear = [this](const std::byte* one) {
    return std::all_of(one, one + element, [](std::byte b) { return b == std::byte{kClear}; });
  };
  const std::size_t last = row_bytes / element - 1,
                    step = std::max<std::size_t>(1, rows / kMostRows);
  std::vector<const std::byte*> clear;
  for (std::size_t r = rows; r-- > 0;)
    for (std::size_t k = kPlaces; r % step == 0 && k-- > 0;) {
      const std::byte* one = at + r * step_bytes + last * k / (kPlaces - 1) * element;
      if (is_clear(one)) clear.push_back(one);
    }
  if (clear.empty()) return false;
  usleep(kLate);  // else the kernel means these bits, or has refused
  return !std::all_of(clear.begin(), clear.end(), is_clear);
}

}  // namespace softmark
