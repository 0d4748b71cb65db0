// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/property.h"

namespace softmark {

std::span<const Property* const> all_properties() {
#define SOFTMARK_PROPERTY(file) &checks::file::property,
  static const Property* const kAll[] = {
#include "properties/checks/list.def"
  };
#undef SOFTMARK_PROPERTY
  return kAll;
}

}  // namespace softmark
