#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The exp polynomials and tables of exp-inl.h.

Polynomials are minimax in relative error on [-ln2/(2 m), ln2/(2 m)], by Remez exchange, with m
entries in the table of 2^(j/m) (m = 1: none). exp(r) ~ 1 + r + r^2 q(r); the first two coefficients
are exact, those of q are fitted one by one, or in pairs, from the lowest: each is rounded to the
type and the rest are fitted again, so that they compensate for its rounding; the better of the two
is kept. (r^k changes sign at 0 for odd k, where errors alternate otherwise than Remez assumes.)

Tables hold a 2^(j/m) rounded to the type, with the first entry a in [1, 2^(1/m)) chosen such that
the largest relative rounding error of the entries is small: a softmax does not depend on a. f32
tries every a, f64 a fixed sequence of them. Needs only Python; prints everything with the remaining
relative errors (a minute).
"""
import math
import struct
from decimal import Decimal, getcontext

getcontext().prec = 60
LN2 = Decimal(2).ln()


def interval(entries):
    """Slightly wider: a quotient rounded the other way at a tie lands just outside the interval."""
    return LN2 / (2 * entries) * (1 + Decimal(2) ** -12)


def solve(matrix, right):
    """Gaussian elimination with row pivots."""
    n = len(right)
    rows = [list(r) + [b] for r, b in zip(matrix, right)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, n):
            f = rows[i][k] / rows[k][k]
            rows[i] = [a - f * b for a, b in zip(rows[i], rows[k])]
    x = [Decimal(0)] * n
    for k in reversed(range(n)):
        x[k] = (rows[k][n] - sum(rows[k][j] * x[j] for j in range(k + 1, n))) / rows[k][k]
    return x


def relative_error(fixed, free, r):
    p = Decimal(0)
    for c in reversed(fixed + free):
        p = p * r + c
    return p / r.exp() - 1


def remez(fixed, count, bound):
    """The `count` coefficients that follow `fixed`, and the largest relative error."""
    # Chebyshev's extrema, but none at 0, where every polynomial of this form is exact.
    nodes = [-math.cos(math.pi * i / count) for i in range(count + 1)]
    points = [bound * Decimal(0.4 if abs(v) < 0.1 else v) for v in nodes]
    grid = [-bound + 2 * bound * i / 401 for i in range(402)]
    for _ in range(12):
        matrix = [
            [r ** (len(fixed) + j) / r.exp() for j in range(count)] + [Decimal((-1) ** i)] for i, r in enumerate(points)
        ]
        right = [-relative_error(fixed, [], r) for r in points]
        *free, _level = solve(matrix, right)
        errors = [relative_error(fixed, free, r) for r in grid]
        extrema = []  # the largest error of each run of one sign
        for r, e in zip(grid, errors):
            if extrema and (extrema[-1][1] > 0) == (e > 0):
                if abs(e) > abs(extrema[-1][1]):
                    extrema[-1] = (r, e)
            else:
                extrema.append((r, e))
        if len(extrema) < count + 1:
            break
        while len(extrema) > count + 1:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        points = [r for r, _e in extrema]
    return free, max(abs(e) for e in errors)


def rounded(value, code):
    return struct.unpack(code, struct.pack(code, float(value)))[0]


def fitted(degree, code, bound, step):
    """The largest error and the coefficients."""
    fixed = [Decimal(1), Decimal(1)]
    while len(fixed) < degree + 1:
        free, _error = remez(fixed, degree + 1 - len(fixed), bound)
        fixed += [Decimal(rounded(c, code)) for c in free[:step]]
    return max(abs(relative_error(fixed, [], -bound + 2 * bound * i / 4000)) for i in range(4001)), fixed[2:]


def table(entries, code):
    """The entries and their largest relative error."""
    getcontext().prec = 40
    digits = 24 if code == "f" else 53
    scale = 2 ** (digits - 1)
    ratios = [int(Decimal(2) ** (Decimal(j) / entries) * 2**70) for j in range(1, entries)]
    last = int(Decimal(2) ** (Decimal(1) / entries) * scale)
    step = 1 if code == "f" else (last - scale) // 400000
    best, best_error = None, 1.0
    for a in range(scale, last, step):
        error = 0.0
        for ratio in ratios:
            exact = a * ratio  # 2^70 times the entry in units of its last place
            below = exact & (2**70 - 1)
            error = max(error, min(below, 2**70 - below) / exact)
            if error >= best_error:
                break
        else:
            best, best_error = a, error
    return [best] + [(best * r + 2**69) >> 70 for r in ratios], best_error, scale


def show(name, degree, code, entries):
    worst, coefficients = min(fitted(degree, code, interval(entries), step) for step in (1, 2))
    print(f"{name}, degree {degree}, {entries} entries: largest relative error 2^{float(worst.ln() / LN2):.2f}")
    for i, c in enumerate(coefficients):
        print(f"  {float(c).hex()}  // r^{i + 2}: {float(c):.17g}")
    if entries > 1:
        integers, error, scale = table(entries, code)
        print(f"  table, largest relative error {error * 2 * scale:.3f} 2^-p:")
        for i in integers:
            print(f"    {(i / scale).hex()}")


if __name__ == "__main__":
    show("f32", 6, "f", 1)
    show("f32", 3, "f", 8)
    show("f32", 3, "f", 16)
    show("f64", 11, "d", 1)
    show("f64", 6, "d", 16)
