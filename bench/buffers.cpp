// SPDX-License-Identifier: Apache-2.0
#include "bench/buffers.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>

#include "kernels/names.h"
#include "kernels/placement.h"
#include "support/error.h"

namespace softmark::bench {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

/// A load waits for an earlier store whose address has the same low twelve bits, whatever the page
/// size is.
constexpr std::size_t kAliasing = 4096;

/// Where one set's arrays start. Long arrays start a quarter of kAliasing apart in phase, so that
/// loads of x never wait for stores to y; short ones are packed line by line.
struct Places {
  std::size_t g, labels, y, bytes;
};
Places places_of(const Layout& layout) {
  const auto after = [&](std::size_t end, std::size_t phase) {
    if (layout.moved() < 16 * kAliasing) return round_up(end, kLine);
    return round_up(end, kAliasing) + phase;
  };
  Places places{};
  places.g = after(layout.x_bytes, kAliasing / 4);
  places.labels = after(places.g + layout.g_bytes, kAliasing * 3 / 4);
  places.y = after(places.labels + layout.labels_bytes, kAliasing / 2);
  places.bytes = after(places.y + layout.y_bytes, 0);
  return places;
}

softmark_args first_set(const Replicate& replicate, const Layout& layout, const Places& places,
                        std::byte* memory) {
  std::byte* y = replicate.in_place ? memory : memory + places.y;
  if (replicate.ceiling)
    return {1, layout.x_bytes, memory, nullptr,        nullptr,
            y, layout.x_bytes, 0,      layout.y_bytes, replicate.threads};
  const OpShape shape = shape_of(replicate.op);
  const std::byte* g = layout.g_bytes ? memory + places.g : nullptr;
  const std::byte* labels = layout.labels_bytes ? memory + places.labels : nullptr;
  return {replicate.rows,
          replicate.cols,
          memory,
          g,
          reinterpret_cast<const std::int64_t*>(labels),
          y,
          replicate.cols,
          shape.takes_g ? replicate.cols : 1,
          outputs_of(replicate.op, replicate.cols),
          replicate.threads};
}

/// Memory that starts and ends at multiples of the large page, whichever pages are used, so that
/// the kind of page is the only difference; every page is touched.
std::byte* map_pages(std::size_t bytes, Pages pages) {
  const std::size_t size = round_up(bytes, kLargePage);
  void* mapped =
      mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw Error(kNotMeasurable, fmt::format("no {} MiB of memory for the buffers", size >> 20));
  auto* memory =
      reinterpret_cast<std::byte*>(round_up(reinterpret_cast<std::uintptr_t>(mapped), kLargePage));
  // Where the system refuses, its own choice stays; the pages that came of it are looked at below.
  madvise(memory, size, pages == Pages::k4k ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
  std::memset(memory, 0xff, size);
  return memory;
}

/// By the process's own map of its memory.
std::string pages_of(const std::byte* memory, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    if (words >> std::hex >> begin >> dash >> end && dash == '-')
      inside = begin <= address && address < end;
    else if (inside && line.starts_with("AnonHugePages:")) {
      const std::size_t large = std::stoull(line.substr(line.find(':') + 1)) << 10;
      return large == 0 ? "4k" : large >= round_up(bytes, kLargePage) ? "2m" : "mixed";
    }
  }
  return "4k";
}

}  // namespace

Buffers::Buffers(const softmark_args& first, std::size_t count, std::size_t spacing,
                 std::string pages)
    : first_(first), at_(first), count_(count), spacing_(spacing), pages_(std::move(pages)) {
  // Successive sets are far apart, or the prefetcher would load the next one.
  for (step_ = std::max<std::size_t>(1, count * 618 / 1000); std::gcd(step_, count_) != 1;) --step_;
}

const softmark_args& Buffers::point() {
  at_.x = static_cast<const std::byte*>(first_.x) + next_ * spacing_;
  at_.y = static_cast<std::byte*>(first_.y) + next_ * spacing_;
  if (first_.g) at_.g = static_cast<const std::byte*>(first_.g) + next_ * spacing_;
  if (first_.labels)
    at_.labels = reinterpret_cast<const std::int64_t*>(
        reinterpret_cast<const std::byte*>(first_.labels) + next_ * spacing_);
  return at_;
}

Layout layout_for(const Replicate& replicate) {
  const Layout layout = layout_of(replicate.op, replicate.dtype, replicate.rows, replicate.cols);
  if (!replicate.ceiling) return layout;
  const std::size_t moved = std::max<std::size_t>(layout.moved(), 2),
                    lines = 64 * static_cast<std::size_t>(replicate.threads);
  switch (*replicate.ceiling) {
    case Ceiling::kRead:
      return {moved, 0, 0, lines, 0, 0, 0};
    case Ceiling::kMemcpy:
    case Ceiling::kNontemporalCopy:  // read once, written once
      return {moved / 2, 0, 0, moved / 2, 0, 0, 0};
    case Ceiling::kUpdate:  // the same bytes, read and written
      return {moved / 2, 0, 0, 0, 0, 0, 0};
    case Ceiling::kFma:
    case Ceiling::kNothing:
      break;
  }
  return {lines, 0, 0, lines, 0, 0, 0};
}

Buffers prepare(const Replicate& replicate, const std::byte* inputs) {
  const Layout layout = layout_for(replicate);
  const Places places = places_of(layout);
  const std::size_t spacing = round_up(std::max<std::size_t>(places.bytes, 1), kLine);
  const std::size_t count =
      replicate.pool_bytes ? std::max<std::size_t>(2, replicate.pool_bytes / spacing) : 1;
  std::byte* const memory = map_pages(count * spacing, replicate.pages);
  for (std::size_t set = 0; inputs && set < count; ++set) {
    std::byte* const at = memory + set * spacing;
    std::memcpy(at, inputs, layout.x_bytes);
    if (layout.g_bytes) std::memcpy(at + places.g, inputs + layout.g_offset, layout.g_bytes);
    if (layout.labels_bytes)
      std::memcpy(at + places.labels, inputs + layout.labels_offset, layout.labels_bytes);
  }
  return {first_set(replicate, layout, places, memory), count, spacing,
          pages_of(memory, count * spacing)};
}

}  // namespace softmark::bench
