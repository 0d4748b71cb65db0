#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The exp polynomials of math-inl.h: minimax in relative error on [-ln2/2, ln2/2], by Remez
exchange.

exp(r) ~ 1 + r + r^2 q(r); the first two coefficients are exact, those of q are fitted one by one
from the lowest: each is rounded to the type and the rest are fitted again, so that they compensate
for its rounding. Needs only Python; prints the coefficients and the remaining relative error.
"""
from decimal import Decimal, getcontext
import struct

getcontext().prec = 60
HALF_LN2 = Decimal(2).ln() / 2
# Slightly wider: a quotient rounded the other way at a tie lands just outside the interval.
BOUND = HALF_LN2 * (1 + Decimal(2) ** -12)


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


def remez(fixed, count):
    """The `count` coefficients that follow `fixed`, and the largest relative error."""
    # Off centre, because every polynomial of this form is exact at 0.
    points = [-BOUND + 2 * BOUND * (Decimal(i) + Decimal("0.4")) / (count + 1) for i in range(count + 1)]
    grid = [-BOUND + 2 * BOUND * i / 401 for i in range(402)]
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


def table(degree, code):
    fixed = [Decimal(1), Decimal(1)]
    while len(fixed) < degree + 1:
        free, _error = remez(fixed, degree + 1 - len(fixed))
        fixed.append(Decimal(rounded(free[0], code)))
    worst = max(abs(relative_error(fixed, [], -BOUND + 2 * BOUND * i / 4000)) for i in range(4001))
    return fixed[2:], worst


def show(name, degree, code):
    coefficients, worst = table(degree, code)
    print(f"{name}, degree {degree}: largest relative error 2^{float(worst.ln() / Decimal(2).ln()):.2f}")
    for i, c in enumerate(coefficients):
        print(f"  {float(c).hex()}  // r^{i + 2}: {float(c):.17g}")


if __name__ == "__main__":
    show("f32", 6, "f")
    show("f64", 11, "d")
