// SPDX-License-Identifier: Apache-2.0
#include "bench/inputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/placement.h"
#include "support/error.h"
#include "support/random.h"

namespace softmark::bench {
namespace {

constexpr std::uint64_t kCotangentStream = 3, kLabelStream = 4;

void store_row(softmark_dtype dtype, void* data, std::size_t first,
               const std::vector<double>& values) {
  if (dtype == SOFTMARK_F32) {
    std::transform(values.begin(), values.end(), static_cast<float*>(data) + first,
                   [](double value) { return static_cast<float>(value); });
  } else if (dtype == SOFTMARK_F64) {
    std::copy(values.begin(), values.end(), static_cast<double*>(data) + first);
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) store(dtype, data, first + i, values[i]);
  }
}

/// Converts logits to the op's x, in place, with float64's accuracy, which suffices for timing.
void to_input(softmark_op op, std::vector<double>& row) {
  const Input input = op_info(op).input;
  if (input == Input::kSigmoids) {
    for (double& value : row) value = 1 / (1 + std::exp(-value));
  } else if (input != Input::kLogits) {
    const double max = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (double value : row) sum += std::exp(value - max);
    const double log_sum = max + std::log(sum);
    for (double& value : row)
      value = input == Input::kProbabilities ? std::exp(value - log_sum) : value - log_sum;
  }
}

void fill(std::byte* file, const Layout& layout, softmark_op op, softmark_dtype dtype,
          const Workload& workload, std::uint64_t seed) {
  const OpShape shape = shape_of(op);
  Rng cotangents(seed, kCotangentStream), labels(seed, kLabelStream);
  std::vector<double> row(workload.cols), g(shape.takes_g       ? workload.cols
                                            : shape.takes_g_row ? 1
                                                                : 0);
  for (std::size_t r = 0; r < workload.rows; ++r) {
    fill_logits(workload, dtype, seed, r, row);
    to_input(op, row);
    store_row(dtype, file, r * workload.cols, row);
    for (double& value : g) value = cotangents.normal();
    if (!g.empty()) store_row(dtype, file + layout.g_offset, r * g.size(), g);
    if (shape.takes_labels)
      reinterpret_cast<std::int64_t*>(file + layout.labels_offset)[r] =
          static_cast<std::int64_t>(labels.below(workload.cols));
  }
}

[[noreturn]] void no_memory(std::size_t bytes) {
  throw Error(kNotMeasurable,
              fmt::format("cannot hold {} MiB of inputs: {}", bytes >> 20, std::strerror(errno)));
}

}  // namespace

Layout layout_of(softmark_op op, softmark_dtype dtype, std::size_t rows, std::size_t cols) {
  const OpShape shape = shape_of(op);
  const std::size_t size = bytes_of(dtype);
  constexpr double kAddressable = 0x1p46;  // less than the 47 bits of user space
  if (static_cast<double>(rows) * static_cast<double>(cols) *
          (shape.output == OpShape::kMatrix ? static_cast<double>(cols) : 1.0) *
          static_cast<double>(size) >
      kAddressable)
    throw Error(kUsage, fmt::format("{} on {} x {} has more output than memory can address",
                                    name(op), rows, cols));
  Layout layout{};
  layout.x_bytes = rows * cols * size;
  layout.g_bytes = shape.takes_g ? layout.x_bytes : shape.takes_g_row ? rows * size : 0;
  layout.labels_bytes = shape.takes_labels ? rows * sizeof(std::int64_t) : 0;
  layout.y_bytes = rows * outputs_of(op, cols) * size;
  layout.g_offset = round_up(layout.x_bytes, kLine);
  layout.labels_offset = layout.g_offset + round_up(layout.g_bytes, kLine);
  layout.file_bytes = layout.labels_offset + round_up(layout.labels_bytes, kLine);
  return layout;
}

SharedInputs::SharedInputs(softmark_op op, softmark_dtype dtype, const Workload& workload,
                           std::uint64_t seed)
    : fd_(memfd_create("softmark-inputs", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  const Layout layout = layout_of(op, dtype, workload.rows, workload.cols);
  if (fd_ < 0) no_memory(layout.file_bytes);
  void* file = MAP_FAILED;
  if (ftruncate(fd_, static_cast<off_t>(layout.file_bytes)) == 0)
    file = mmap(nullptr, layout.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (file == MAP_FAILED) {
    close(fd_);
    no_memory(layout.file_bytes);
  }
  fill(static_cast<std::byte*>(file), layout, op, dtype, workload, seed);
  munmap(file, layout.file_bytes);
  fcntl(fd_, F_ADD_SEALS,
        F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
            F_SEAL_SEAL);  // no child process may change another's input
}

SharedInputs::~SharedInputs() { close(fd_); }

int InputsCache::fd(softmark_op op, softmark_dtype dtype) {
  auto& inputs = made_[{op, dtype}];
  if (!inputs) inputs = std::make_unique<SharedInputs>(op, dtype, workload_, seed_);
  return inputs->fd();
}

}  // namespace softmark::bench
