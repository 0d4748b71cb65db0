// SPDX-License-Identifier: Apache-2.0
// The mutants (defective kernels) as one plugin: the properties are measured by how many they kill.
#include "properties/mutants/sound.h"

extern "C" __attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(
    std::uint32_t abi_version, std::size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  using namespace softmark::mutants;
  static const Table all = [] {
    Table table;
    for (const Table& part : {shift_mutants(),
                              exp_mutants(),
                              sum_mutants(),
                              buffer_mutants(),
                              special_mutants(),
                              gradient_mutants(),
                              op_mutants(),
                              type_mutants(),
                              claim_mutants(),
                              state_mutants(),
                              environment_mutants(),
                              fatal_mutants(),
                              saturated_mutants(),
                              crossed_shape_mutants(),
                              crossed_threads_mutants(),
                              crossed_callers_mutants(),
                              crossed_others_mutants(),
                              crossed_values_mutants(),
                              first_call_mutants(),
                              column_mutants(),
                              popular_mutants()})
      table.insert(table.end(), part.begin(), part.end());
    return table;
  }();
  *count = all.size();
  return all.data();
}
