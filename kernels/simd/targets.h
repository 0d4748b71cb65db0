// SPDX-License-Identifier: Apache-2.0
// Included before anything of Highway. The kernels keep vectors in arrays, which vectors of a size
// unknown at compile time do not allow: SVE machines run the NEON code. Processors of 2006, with
// SSSE3 and without SSE4, run scalar code: that saves a seventh of the compile time.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
