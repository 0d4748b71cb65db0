// SPDX-License-Identifier: Apache-2.0
// A table in memory that several processes fill and read: what one has computed, the others need
// not. Entries are only added; one whose writer ends early is never seen.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

namespace softmark {

class SharedTable {
 public:
  using Bytes = std::span<const std::byte>;

  /// A file in memory for a table of at most `bytes`, of which it takes what is used; 0: a table
  /// that holds nothing. Returns its descriptor; throws Error where there is no memory.
  static int create(std::size_t bytes);

  /// The table behind such a descriptor, which may be closed afterwards. Holds nothing where it
  /// cannot be mapped.
  explicit SharedTable(int descriptor);
  ~SharedTable();
  SharedTable(const SharedTable&) = delete;
  SharedTable& operator=(const SharedTable&) = delete;

  struct Entry {
    Bytes key, value;      // as long as the table is mapped; start at multiples of 16 bytes
    std::uint64_t id = 0;  // of the entry, the same in every process; never 0
  };
  /// The entry of this key, which is the sequence of its parts; `hash` is any hash of it.
  std::optional<Entry> find(std::uint64_t hash, std::initializer_list<Bytes> key) const;
  /// Adds an entry; nothing where the table is full.
  std::optional<Entry> add(std::uint64_t hash, std::initializer_list<Bytes> key, Bytes value);

  std::size_t bytes_used() const;

 private:
  struct Head;
  struct Record;
  using Slot = std::atomic<std::uint64_t>;  // the place of a record; 0: free
  static_assert(Slot::is_always_lock_free);

  Head& head() const;
  Slot& slot(std::uint64_t at) const;
  const Record& record(std::uint64_t at) const;

  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0, slots_ = 0;
};

}  // namespace softmark
