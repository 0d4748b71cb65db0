# SPDX-License-Identifier: Apache-2.0
"""Example Python functions to verify and time. The bridge needs numpy only; a function may use
any package.

    build/softmark verify --python kernels/plugin/example_python.py:softmax
    build/softmark bench  --python kernels/plugin/example_python.py:softmax \\
                          --python kernels/plugin/example_python.py:nothing

A function takes a read-only numpy array [rows, cols] (the VJPs a second one, g; cross-entropy
labels) and returns the result for every row. If it has a parameter axis (or dim), it is called with
axis=-1. Raising NotImplementedError means "unsupported arguments"; any other exception is a
failure, like a crash.
"""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def unshifted(x):
    """Without subtracting the maximum: exp overflows from 88.7 on (float32)."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def nothing(x):
    """The cost of the bridge alone: moving rows to Python and back. (The result is wrong.)"""
    return x
