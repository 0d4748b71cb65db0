// SPDX-License-Identifier: Apache-2.0
#include "support/shared_table.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "support/error.h"

namespace softmark {
namespace {

constexpr std::size_t kAligned = 16;
constexpr std::size_t kBytesASlot = 512;
constexpr std::size_t kMostProbes = 64;

std::size_t aligned(std::size_t bytes) { return (bytes + kAligned - 1) / kAligned * kAligned; }

std::size_t total(std::initializer_list<SharedTable::Bytes> parts) {
  std::size_t bytes = 0;
  for (const SharedTable::Bytes part : parts) bytes += part.size();
  return bytes;
}

}  // namespace

// The head, the slots, and the records one after another.
struct SharedTable::Head {
  alignas(kAligned) std::atomic<std::uint64_t> used;
};

struct SharedTable::Record {
  std::uint64_t hash, key_bytes, value_bytes, unused;

  const std::byte* key() const { return reinterpret_cast<const std::byte*>(this + 1); }
  const std::byte* value() const { return key() + aligned(key_bytes); }
  bool is(std::uint64_t wanted, std::initializer_list<Bytes> parts) const {
    if (hash != wanted || key_bytes != total(parts)) return false;
    const std::byte* at = key();
    for (const Bytes part : parts) {
      if (!part.empty() && std::memcmp(at, part.data(), part.size()) != 0) return false;
      at += part.size();
    }
    return true;
  }
};

int SharedTable::create(std::size_t bytes) {
  const int descriptor = memfd_create("softmark-table", MFD_CLOEXEC);
  if (descriptor < 0 || ftruncate(descriptor, static_cast<off_t>(bytes)) != 0)
    throw Error(kNotMeasurable, std::string("no shared memory: ") + std::strerror(errno));
  return descriptor;
}

SharedTable::SharedTable(int descriptor) {
  struct stat file {};
  if (fstat(descriptor, &file) != 0 || file.st_size < 1 << 16) return;
  const auto bytes = static_cast<std::size_t>(file.st_size);
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) return;
  base_ = static_cast<std::byte*>(mapped);
  bytes_ = bytes;
  slots_ = std::bit_floor(bytes / kBytesASlot);
}

SharedTable::~SharedTable() {
  if (base_) munmap(base_, bytes_);
}

SharedTable::Head& SharedTable::head() const { return *reinterpret_cast<Head*>(base_); }
SharedTable::Slot& SharedTable::slot(std::uint64_t at) const {
  return reinterpret_cast<Slot*>(base_ + sizeof(Head))[(at ^ at >> 32) % slots_];
}
const SharedTable::Record& SharedTable::record(std::uint64_t at) const {
  return *reinterpret_cast<const Record*>(base_ + at);
}

std::size_t SharedTable::bytes_used() const { return base_ ? head().used.load() : 0; }

std::optional<SharedTable::Entry> SharedTable::find(std::uint64_t hash,
                                                    std::initializer_list<Bytes> key) const {
  for (std::size_t probe = 0; base_ && probe < kMostProbes; ++probe) {
    const std::uint64_t at = slot(hash + probe).load(std::memory_order_acquire);
    if (at == 0) break;
    if (const Record& found = record(at); found.is(hash, key))
      return Entry{{found.key(), found.key_bytes}, {found.value(), found.value_bytes}, at};
  }
  return std::nullopt;
}

std::optional<SharedTable::Entry> SharedTable::add(std::uint64_t hash,
                                                   std::initializer_list<Bytes> key, Bytes value) {
  if (!base_) return std::nullopt;
  const std::size_t first = sizeof(Head) + slots_ * sizeof(Slot);
  const Record made = {hash, total(key), value.size(), 0};
  const std::size_t needed = sizeof made + aligned(made.key_bytes) + aligned(value.size());
  if (needed > bytes_ || head().used.load() + needed > bytes_ - first) return std::nullopt;
  const std::uint64_t at = first + head().used.fetch_add(needed);
  if (at + needed > bytes_) return std::nullopt;
  std::byte* to = base_ + at;
  std::memcpy(to, &made, sizeof made);
  std::byte* key_at = to + sizeof made;
  for (std::byte* next = key_at; const Bytes part : key) {
    if (!part.empty()) std::memcpy(next, part.data(), part.size());
    next += part.size();
  }
  std::byte* value_at = to + sizeof made + aligned(made.key_bytes);
  if (!value.empty()) std::memcpy(value_at, value.data(), value.size());
  for (std::size_t probe = 0; probe < kMostProbes; ++probe) {
    std::uint64_t free = 0;
    if (slot(hash + probe)
            .compare_exchange_strong(free, at, std::memory_order_release,
                                     std::memory_order_relaxed))
      return Entry{{key_at, made.key_bytes}, {value_at, value.size()}, at};
  }
  return std::nullopt;
}

}  // namespace softmark
