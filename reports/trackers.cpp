// SPDX-License-Identifier: Apache-2.0
// Times in the formats that trackers of performance read: Google Benchmark's JSON
// (https://github.com/google/benchmark/blob/main/docs/user_guide.md) and the custom one of
// github-action-benchmark (https://github.com/benchmark-action/github-action-benchmark). Kernels
// that are wrong stay out: a tracker would rank them.
#include <fmt/format.h>

#include <cmath>

#include "reports/readers.h"
#include "support/text.h"

namespace softmark {
namespace {

/// "simd/softmax/f32/attention/64x4096/hot/threads:1", the same in every run of every machine.
std::string series_name(const Entry& entry, const Shape& shape) {
  return fmt::format("{}/{}/{}/{}{}/threads:{}", entry.kernel->id, shape.name(), shape.size(),
                     shape.cache, shape.in_place ? "/in_place" : "", shape.threads);
}

template <class Add>
void each_ranked(const View& view, Add&& add) {
  for (const Ranking& ranking : view.rankings)
    for (const Entry& entry : ranking.ranked) add(entry, ranking.shape);
}

std::size_t samples_of(const Json& measurement) {
  std::size_t count = 0;
  for (const Json& process : field(measurement, "samples")) count += process.size();
  return count;
}

}  // namespace

std::string render_google_benchmark(Documents documents) {
  Json out = {{"context", {{"library_version", "softmark"}, {"machines", Json::array()}}},
              {"benchmarks", Json::array()}};
  for (const Json& document : documents) {
    const View view(document);
    if (out["context"]["machines"].empty())
      out["context"]["date"] = text_of(field(document, "run"), "started");
    out["context"]["machines"].push_back(view.machine());
    each_ranked(view, [&](const Entry& entry, const Shape& shape) {
      const double elements = static_cast<double>(shape.rows) * static_cast<double>(shape.cols);
      const std::string name = series_name(entry, shape);
      out["benchmarks"].push_back({{"name", name},
                                   {"run_name", name},
                                   {"run_type", "iteration"},
                                   {"repetitions", 1},
                                   {"threads", shape.threads},
                                   {"iterations", samples_of(*entry.measurement)},
                                   {"real_time", number(entry.ns * elements)},
                                   {"cpu_time", number(entry.ns * elements)},
                                   {"time_unit", "ns"},
                                   {"ns_per_element", number(entry.ns)}});
    });
  }
  return to_text(out);
}

std::string render_action_benchmark(Documents documents) {
  Json out = Json::array();
  for (const Json& document : documents) {
    const View view(document);
    each_ranked(view, [&](const Entry& entry, const Shape& shape) {
      const double half = std::isnan(entry.low) ? 0 : (entry.high - entry.low) / 2;
      out.push_back(
          {{"name", series_name(entry, shape)},
           {"unit", "ns/element"},
           {"value", number(entry.ns)},
           {"range", fmt::format("± {}", figure(half))},
           {"extra", fmt::format("{}, max ulp {}", view.machine(), entry.kernel->max_ulp_text())}});
    });
  }
  return to_text(out);
}

}  // namespace softmark
