# SPDX-License-Identifier: Apache-2.0
"""Python functions as kernels. The bridge needs numpy only; the function may use anything else.

    build/softmark verify --python kernels/plugin/example_python.py:softmax
    build/softmark bench  --python kernels/plugin/example_python.py:softmax --python kernels/plugin/example_python.py:nothing

A function takes a read-only numpy array [rows, cols] (the VJPs a second one, g; cross-entropy labels) and returns the
result for every row. If it has a parameter axis (or dim), it gets axis=-1. NotImplementedError means that these arguments
are not supported; any other exception is reported as a crash.
"""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def unshifted(x):
    """Forgets the max shift: exp overflows from 88.7 on (float32)."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def nothing(x):
    """The bridge alone: what it costs to bring rows to Python and back. (Its result is wrong, of course.)"""
    return x
