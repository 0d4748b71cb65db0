// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/float64.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kChunk = 1 << 15;  // inputs that a kernel sees at once
constexpr std::uint32_t kSmall = std::bit_cast<std::uint32_t>(0x1p-24f);
constexpr std::uint32_t kNegativeEnd = std::bit_cast<std::uint32_t>(104.0f),
                        kPositiveEnd = std::bit_cast<std::uint32_t>(17.33f);
constexpr std::uint64_t kNegatives = kNegativeEnd - kSmall + 1,
                        kPositives = kPositiveEnd - kSmall + 1;
constexpr std::uint64_t kFiniteBf16 = 65280;

constexpr SweepSet kSets[] = {
    {"sigmoid/f32", "every float32 argument whose sigmoid is not 0, 1/2 or 1", SOFTMARK_SIGMOID,
     SOFTMARK_F32, SweepSet::kUnary},
    {"softmax/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_SOFTMAX, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"log_softmax/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"logsumexp/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_LOGSUMEXP, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"sigmoid/f16", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_F16, SweepSet::kPatterns},
    {"sigmoid/bf16", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_BF16, SweepSet::kPatterns},
    {"softmax/bf16/pairs", "all pairs of finite bfloat16", SOFTMARK_SOFTMAX, SOFTMARK_BF16,
     SweepSet::kPairs},
#define SOFTMARK_F8_SETS(type, dtype)                                                          \
  {"sigmoid/" type, "all bit patterns", SOFTMARK_SIGMOID, dtype, SweepSet::kPatterns},         \
      {"softmax/" type "/pairs", "all pairs of bit patterns", SOFTMARK_SOFTMAX, dtype,         \
       SweepSet::kPatternPairs},                                                               \
      {"log_softmax/" type "/pairs", "all pairs of bit patterns", SOFTMARK_LOG_SOFTMAX, dtype, \
       SweepSet::kPatternPairs},                                                               \
  {                                                                                            \
    "logsumexp/" type "/pairs", "all pairs of bit patterns", SOFTMARK_LOGSUMEXP, dtype,        \
        SweepSet::kPatternPairs                                                                \
  }
    SOFTMARK_F8_SETS("f8_e4m3", SOFTMARK_F8_E4M3),
    SOFTMARK_F8_SETS("f8_e5m2", SOFTMARK_F8_E5M2),
#undef SOFTMARK_F8_SETS
};

std::uint64_t patterns_of(softmark_dtype dtype) {
  return std::uint64_t{1} << (8 * bytes_of(dtype));
}

/// Argument k of the float32 set, ascending.
float argument(std::uint64_t k) {
  if (k < kNegatives) return -std::bit_cast<float>(static_cast<std::uint32_t>(kNegativeEnd - k));
  return std::bit_cast<float>(static_cast<std::uint32_t>(kSmall + (k - kNegatives)));
}

/// Bit pattern k of the first `count` of each sign, in ascending order of value: negative ones from
/// the top down, then positive ones.
std::uint16_t pattern(std::uint64_t k, softmark_dtype dtype, std::uint64_t count) {
  const std::uint64_t half = count / 2, sign = patterns_of(dtype) / 2;
  return static_cast<std::uint16_t>(k < half ? sign + (half - 1 - k) : k - half);
}
std::uint16_t pattern(std::uint64_t k, softmark_dtype dtype) {
  return pattern(k, dtype, patterns_of(dtype));
}

float bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// A chunk of consecutive inputs on its way through the kernel and the judge.
class Chunk {
 public:
  Chunk(const SweepSet& s, SweepResult& r, softmark_masked_row m, bool saturated)
      : set(s), result(r), masked_row(m), saturates(saturated) {}
  bool process(const RunKernel& run, std::uint64_t first, std::uint64_t inputs);

 private:
  void fill();
  void fill_patterns();
  softmark_args arguments();
  void load_results();
  void judge();
  void see(std::size_t output, double error, double want);
  void settle_open(std::size_t output);
  void count_steps_down();
  std::vector<double> row_of(std::size_t input) const;
  std::size_t columns() const {
    return set.kind == SweepSet::kUnary || set.kind == SweepSet::kPatterns ? 1 : 2;
  }
  std::size_t outputs_each() const { return outputs_of(set.op, columns()); }

  const SweepSet& set;
  SweepResult& result;
  softmark_masked_row masked_row;
  bool saturates;
  std::uint64_t first = 0;
  std::size_t count = 0;
  std::vector<std::uint16_t> narrow_x, narrow_y;  // of one byte each: in the first half
  std::vector<float> x, y, left,
      right;  // x and y in memory order; left - right: arguments of sigmoid or softplus
  std::vector<double> exact;
  double last = -kInf;  // the previous input's first output
};

void Chunk::fill() {
  const std::size_t columns_here = columns(), values = count * columns_here;
  x.assign(values, 0);
  y.assign(count * outputs_each(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t k = first + i;
    switch (set.kind) {
      case SweepSet::kUnary:
        x[i] = argument(k);
        break;
      case SweepSet::kWithZero:
        x[2 * i] = argument(k);
        break;
      case SweepSet::kPatterns:
      case SweepSet::kPatternPairs:
        break;
      case SweepSet::kPairs:
        x[2 * i] = bf16(pattern(k % kFiniteBf16, set.dtype, kFiniteBf16));
        x[2 * i + 1] = bf16(pattern(k / kFiniteBf16, set.dtype, kFiniteBf16));
    }
  }
  if (set.dtype == SOFTMARK_F32) return;
  narrow_x.resize(values);
  narrow_y.assign(y.size(), 0xffff);  // NaN in every type
  if (set.kind == SweepSet::kPairs) {
    for (std::size_t i = 0; i < values; ++i)
      narrow_x[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x[i]) >> 16);
  } else {
    fill_patterns();
  }
}

void Chunk::fill_patterns() {
  const std::uint64_t patterns = patterns_of(set.dtype);
  auto* bytes = reinterpret_cast<unsigned char*>(narrow_x.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::uint64_t k = first + i / columns();
    const std::uint16_t bits = pattern(i % columns() ? k / patterns : k % patterns, set.dtype);
    std::memcpy(bytes + bytes_of(set.dtype) * i, &bits, bytes_of(set.dtype));
    x[i] = static_cast<float>(load(set.dtype, bytes, i));
  }
}

softmark_args Chunk::arguments() {
  softmark_args args{};
  const bool wide = set.dtype == SOFTMARK_F32;
  args.x = wide ? static_cast<const void*>(x.data()) : narrow_x.data();
  args.y = wide ? static_cast<void*>(y.data()) : narrow_y.data();
  args.rows = columns() == 2 ? count : 1;
  args.cols = columns() == 2 ? 2 : count;
  args.x_stride = args.cols;
  args.y_stride = set.op == SOFTMARK_LOGSUMEXP ? 1 : args.cols;
  args.threads = 1;
  return args;
}

void Chunk::load_results() {
  if (set.dtype == SOFTMARK_BF16)
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = bf16(narrow_y[i]);
  else if (set.dtype != SOFTMARK_F32)
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = static_cast<float>(load(set.dtype, narrow_y.data(), i));
}

std::vector<double> Chunk::row_of(std::size_t input) const {
  const auto* row = x.data() + input * columns();
  return {row, row + columns()};
}

void Chunk::see(std::size_t output, double error, double want) {
  if (!(error > result.judgement.max_ulp || result.worst_x.empty())) return;
  result.judgement.max_ulp = error;
  result.worst_x = row_of(output / outputs_each());
  result.worst_got = y[output];
  result.worst_want = want;
}

/// One output by the whole reference.
void Chunk::settle_open(std::size_t output) {
  const std::size_t input = output / outputs_each();
  const auto row = row_of(input);
  const auto all = exact_row({set.op, set.dtype, row, {}, -1, masked_row, saturates});
  const Exact& want = all[output % outputs_each()];
  const double error = ulp_error(want, y[output], set.dtype);
  auto& judgement = result.judgement;
  ++judgement.outputs;
  ++judgement.certificate.outputs[static_cast<std::size_t>(want.tier)];
  judgement.correctly_rounded +=
      y[output] == want.rounded || (std::isnan(y[output]) && std::isnan(want.rounded));
  if (error < kInf)
    judgement.sum_ulp += error, ++judgement.histogram[bin_of(error)];
  else
    ++judgement.not_finite;
  see(output, error, want.rounded);
}

/// softmax and sigmoid are sigmoids of a difference, the others softplus of one, up to the sign.
void Chunk::judge() {
  const std::size_t outputs = y.size();
  if (set.kind == SweepSet::kPatterns || set.kind == SweepSet::kPatternPairs) {
    for (std::size_t i = 0; i < outputs; ++i) settle_open(i);
    return;
  }
  left.resize(outputs);
  right.assign(outputs, 0);
  exact.resize(outputs);
  std::vector<float>& got = y;
  if (set.op == SOFTMARK_SIGMOID) left = x;
  if (set.op == SOFTMARK_LOGSUMEXP)
    for (std::size_t i = 0; i < outputs; ++i) left[i] = x[2 * i];
  if (set.op == SOFTMARK_SOFTMAX) {
    left = x;
    for (std::size_t i = 0; i < outputs; ++i) right[i] = x[i ^ 1];
  }
  if (set.op == SOFTMARK_LOG_SOFTMAX)  // -softplus(-t), -softplus(t)
    for (std::size_t i = 0; i < outputs; ++i) left[i] = i % 2 ? x[i - 1] : -x[i], got[i] = -got[i];

  const bool is_sigmoid = set.op == SOFTMARK_SIGMOID || set.op == SOFTMARK_SOFTMAX;
  if (is_sigmoid)
    sigmoids_of(left.data(), right.data(), outputs, exact.data());
  else
    softplus_of(left.data(), outputs, exact.data());
  const TypeInfo type = type_info(set.dtype);
  const Grid grid{static_cast<unsigned>(type.precision), std::ldexp(1.0, type.min_exponent),
                  is_sigmoid, is_sigmoid};
  const Errors errors = errors_of(exact.data(), got.data(), outputs, 1, grid);
  if (set.op == SOFTMARK_LOG_SOFTMAX)
    for (float& value : got) value = -value;

  auto& judgement = result.judgement;
  judgement.outputs += outputs - errors.undecided;
  judgement.certificate.outputs[static_cast<std::size_t>(Tier::kFloat64)] +=
      outputs - errors.undecided;
  judgement.correctly_rounded += errors.correct;
  for (std::size_t i = 0; i < outputs; ++i) {
    if (exact[i] < 0)
      settle_open(i);
    else if (exact[i] < kInf)
      ++judgement.histogram[i % 4 * kBins + bin_of(exact[i])];
    else
      ++judgement.not_finite;
  }
  if (errors.sum < kInf) judgement.sum_ulp += errors.sum;
  if (errors.max > judgement.max_ulp || result.worst_x.empty()) {
    const auto at =
        static_cast<std::size_t>(std::max_element(exact.begin(), exact.end()) - exact.begin());
    const std::size_t input = at / outputs_each();
    const auto row = row_of(input);
    see(at, errors.max, exact_row({set.op, set.dtype, row, {}})[at % outputs_each()].rounded);
  }
}

void Chunk::count_steps_down() {
  for (std::size_t i = 0; i < count; ++i) {
    const double value = y[i * outputs_each()];
    // Among pairs the order starts anew with every second number.
    const std::uint64_t each = set.kind == SweepSet::kPairs          ? kFiniteBf16
                               : set.kind == SweepSet::kPatternPairs ? patterns_of(set.dtype)
                                                                     : set.inputs();
    if ((first + i) % each == 0) last = -kInf;
    if (std::isnan(value)) continue;
    if (value < last) {
      ++result.non_monotone;
      if (result.first_step_down.empty()) result.first_step_down = row_of(i);
    }
    last = value;
  }
}

bool Chunk::process(const RunKernel& run, std::uint64_t from, std::uint64_t inputs) {
  first = from;
  count = static_cast<std::size_t>(inputs);
  fill();
  const softmark_args args = arguments();
  try {
    if (const int status = run(args)) {
      result.failure = "the kernel refused with status " + std::to_string(status);
      return false;
    }
  } catch (const std::exception& error) {
    result.failure = error.what();
    return false;
  }
  load_results();
  judge();
  count_steps_down();
  result.inputs += inputs;
  return true;
}

}  // namespace

std::uint64_t SweepSet::inputs() const {
  switch (kind) {
    case kUnary:
    case kWithZero:
      return kNegatives + kPositives;
    case kPatterns:
      return patterns_of(dtype);
    case kPatternPairs:
      return patterns_of(dtype) * patterns_of(dtype);
    case kPairs:
      return kFiniteBf16 * kFiniteBf16;
  }
  return 0;
}

std::span<const SweepSet> sweep_sets() { return kSets; }

const SweepSet* find_sweep_set(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSets), std::end(kSets),
                                   [&](const SweepSet& set) { return set.name == name; });
  return found == std::end(kSets) ? nullptr : found;
}

SweepResult sweep(const SweepSet& set, const std::string& kernel, const RunKernel& run,
                  std::uint64_t shard, std::uint64_t shards, const SweepProgress& progress,
                  softmark_masked_row masked_row, bool saturates) {
  if (shards == 0 || shard >= shards)
    throw std::invalid_argument("shard " + std::to_string(shard) + " of " + std::to_string(shards));
  SweepResult result;
  result.set = set.name;
  result.kernel = kernel;
  result.shard = shard;
  result.shards = shards;
  const std::uint64_t begin =
      set.inputs() / shards * shard + std::min(shard, set.inputs() % shards);
  const std::uint64_t end = begin + set.inputs() / shards + (shard < set.inputs() % shards);
  result.total = end - begin;
  Chunk chunk(set, result, masked_row, saturates);
  for (std::uint64_t k = begin; k < end; k += kChunk) {
    if (!chunk.process(run, k, std::min(kChunk, end - k))) break;
    if (progress && !progress(result.inputs, result.total)) break;
  }
  return result;
}

SweepResult merge_sweeps(std::span<const SweepResult> parts) {
  if (parts.empty()) throw std::invalid_argument("no sweeps to merge");
  SweepResult whole = parts[0];
  std::vector<bool> seen(static_cast<std::size_t>(whole.shards));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const SweepResult& part = parts[i];
    if (part.set != whole.set || part.kernel != whole.kernel || part.shards != whole.shards)
      throw std::invalid_argument("sweeps of different sets, kernels or shards cannot be merged");
    if (seen[static_cast<std::size_t>(part.shard)])
      throw std::invalid_argument("shard " + std::to_string(part.shard + 1) + "/" +
                                  std::to_string(part.shards) + " is given twice");
    seen[static_cast<std::size_t>(part.shard)] = true;
    if (i == 0) continue;
    whole.inputs += part.inputs;
    whole.total += part.total;
    if (whole.worst_x.empty() || part.judgement.max_ulp > whole.judgement.max_ulp) {
      whole.worst_x = part.worst_x;
      whole.worst_got = part.worst_got;
      whole.worst_want = part.worst_want;
    }
    whole.judgement.merge(part.judgement);
    whole.non_monotone += part.non_monotone;
    if (whole.first_step_down.empty()) whole.first_step_down = part.first_step_down;
    if (whole.failure.empty()) whole.failure = part.failure;
  }
  return whole;
}

}  // namespace softmark
