# SPDX-License-Identifier: Apache-2.0
"""Python functions on trial. numpy is all that the bridge needs; what the function computes with is its own affair.

    build/softmark verify --python kernels/plugin/example_python.py:softmax
    build/softmark bench  --python kernels/plugin/example_python.py:softmax --python kernels/plugin/example_python.py:nothing

A function takes a read-only numpy array [rows, cols] (the VJPs a second one, g; cross-entropy labels) and returns the
result for every row. One that has a parameter axis (or dim) gets axis=-1. Raising NotImplementedError says "not these
arguments"; any other exception is a failure, as a crash is.
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
