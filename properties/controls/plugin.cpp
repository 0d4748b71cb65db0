// SPDX-License-Identifier: Apache-2.0
// The controls (correct but unusual kernels) as one plugin: no property may flag any of them.
#include "properties/controls/control.h"

extern "C" __attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(
    std::uint32_t abi_version, std::size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  using namespace softmark::controls;
  static const Table all = [] {
    Table table;
    for (const Table& part : {order_controls(), exp_controls(), mask_controls(), shape_controls(),
                              type_controls(), gradient_controls()})
      table.insert(table.end(), part.begin(), part.end());
    return table;
  }();
  *count = all.size();
  return all.data();
}
