// SPDX-License-Identifier: Apache-2.0
// Included before anything of Highway. The kernels keep vectors in arrays, which vectors of a size
// unknown at compile time do not allow: SVE machines run the NEON code.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
