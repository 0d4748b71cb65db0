// SPDX-License-Identifier: Apache-2.0
// SciPy (scipy/scipy): scipy.special's softmax, log_softmax, logsumexp and expit, through the
// Python bridge.
#include "kernels/peers/python_peer.h"

namespace softmark::python {

const char* const kModule = "scipy";
const char* const kModules = "numpy,scipy";

const Entry kEntries[] = {
    {"scipy.special:softmax", "scipy.special.softmax", SOFTMARK_SOFTMAX, SOFTMARK_F32},
    {"scipy.special:softmax", "scipy.special.softmax", SOFTMARK_SOFTMAX, SOFTMARK_F64},
    {"scipy.special:log_softmax", "scipy.special.log_softmax", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32},
    {"scipy.special:log_softmax", "scipy.special.log_softmax", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64},
    {"scipy.special:logsumexp", "scipy.special.logsumexp", SOFTMARK_LOGSUMEXP, SOFTMARK_F32},
    {"scipy.special:logsumexp", "scipy.special.logsumexp", SOFTMARK_LOGSUMEXP, SOFTMARK_F64},
    {"scipy.special:expit", "scipy.special.expit", SOFTMARK_SIGMOID, SOFTMARK_F32},
    {"scipy.special:expit", "scipy.special.expit", SOFTMARK_SIGMOID, SOFTMARK_F64},
};

}  // namespace softmark::python

SOFTMARK_PYTHON_PEER
