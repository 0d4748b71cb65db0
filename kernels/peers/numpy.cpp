// SPDX-License-Identifier: Apache-2.0
// NumPy (numpy/numpy): the usual way to write softmax with it, numpy_softmax.py, through the Python
// bridge.
#include "kernels/peers/python_peer.h"

namespace softmark::python {

const char* const kModule = "numpy";
const char* const kModules = "numpy";

constexpr const char* kShifted = "exp(x - max) / sum, three lines of numpy (numpy_softmax.py)";
constexpr const char* kLog = "x - max - log(sum(exp(x - max))), numpy (numpy_softmax.py)";
const Entry kEntries[] = {
    {"numpy_softmax.py:softmax", kShifted, SOFTMARK_SOFTMAX, SOFTMARK_F32},
    {"numpy_softmax.py:softmax", kShifted, SOFTMARK_SOFTMAX, SOFTMARK_F64},
    {"numpy_softmax.py:log_softmax", kLog, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32},
    {"numpy_softmax.py:logsumexp", "numpy.logaddexp.reduce(x, axis=-1)", SOFTMARK_LOGSUMEXP,
     SOFTMARK_F32},
};

}  // namespace softmark::python

SOFTMARK_PYTHON_PEER
