"""Random numbers keyed by what they are for, and the elementary functions of the kernel, in float32 and compiled.

A random number is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) of the counter (path, quarter, stream, hash of the firm) under
the key (seed): it depends on nothing else, so that no split, order or number of workers can change it. Exponential, logarithm, sine
and cosine are written out (Cephes), because those of a system's library differ in the last bits between machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 256
"""Paths that go through together."""

f4, i4, u4, u8 = np.float32, np.int32, np.uint32, np.uint64
jit: Callable[[Any], Any] = numba.njit(nogil=True, cache=True, error_model="numpy")
_intrinsic: Callable[[Any], Any] = intrinsic


@_intrinsic
def _bits(typing: Any, x: Any) -> Any:
    """Reinterpret a float32 as int32."""
    wide = ir.IntType(32)  # type: ignore[no-untyped-call]
    return types.int32(types.float32), lambda context, builder, signature, args: builder.bitcast(args[0], wide)


@_intrinsic
def _float(typing: Any, x: Any) -> Any:
    """Reinterpret an int32 as float32."""
    wide = ir.FloatType()  # type: ignore[no-untyped-call]
    return types.float32(types.int32), lambda context, builder, signature, args: builder.bitcast(args[0], wide)


@jit
def exp(x: Any) -> Any:
    """Exponential in float32 (Cephes), within 1e-7 of the true value between -87 and 88."""
    x = min(max(x, f4(-87.0)), f4(88.0))
    n = i4(i4(x * f4(1.4426950408889634) + f4(128.5)) - i4(128))
    f = x - f4(n) * f4(0.693359375) - f4(n) * f4(-2.12194440e-4)
    y = f4(1.9875691500e-4)
    y = y * f + f4(1.3981999507e-3)
    y = y * f + f4(8.3334519073e-3)
    y = y * f + f4(4.1665795894e-2)
    y = y * f + f4(1.6666665459e-1)
    y = y * f + f4(5.0000001201e-1)
    return (y * f * f + f + f4(1.0)) * _float(i4((n + i4(127)) << i4(23)))


@jit
def log(x: Any) -> Any:
    """Natural logarithm of a positive float32 (Cephes)."""
    bits = _bits(x)
    exponent = f4(i4((bits >> i4(23)) - i4(126)))
    m = _float(i4((bits & i4(0x7FFFFF)) | i4(0x3F000000)))
    small = m < f4(0.70710678)
    exponent = exponent - (f4(1.0) if small else f4(0.0))
    m = m - f4(1.0) + (m if small else f4(0.0))
    y = f4(7.0376836292e-2)
    y = y * m + f4(-1.1514610310e-1)
    y = y * m + f4(1.1676998740e-1)
    y = y * m + f4(-1.2420140846e-1)
    y = y * m + f4(1.4249322787e-1)
    y = y * m + f4(-1.6668057665e-1)
    y = y * m + f4(2.0000714765e-1)
    y = y * m + f4(-2.4999993993e-1)
    y = y * m + f4(3.3333331174e-1)
    y = y * m * m * m + exponent * f4(-2.12194440e-4) - f4(0.5) * m * m
    return m + y + exponent * f4(0.693359375)


@jit
def philox(words: Any, path: Any, quarter: Any, stream: Any, firm: Any, seed: Any) -> None:
    """Fill `words` (4 x LANES, uint32) for LANES paths from `path` on; `firm` and `seed` are uint64."""
    start = u4(path)
    for i in range(LANES):
        c0, c1 = u4(start + u4(i)), u4(u4(quarter) | u4(u4(stream) << u4(16)))
        c2, c3 = u4(firm), u4(firm >> u8(32))
        k0, k1 = u4(seed), u4(seed >> u8(32))
        for _ in range(10):
            p0, p1 = u8(c0) * u8(0xD2511F53), u8(c2) * u8(0xCD9E8D57)
            c0, c2 = u4(u4(p1 >> u8(32)) ^ c1 ^ k0), u4(u4(p0 >> u8(32)) ^ c3 ^ k1)
            c1, c3 = u4(p1), u4(p0)
            k0, k1 = u4(k0 + u4(0x9E3779B9)), u4(k1 + u4(0xBB67AE85))
        words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i] = c0, c1, c2, c3


@jit
def uniform(word: Any) -> Any:
    """Turn 32 random bits into a number in (0, 1]."""
    return (f4(word) + f4(0.5)) * f4(2.0**-32)


@jit
def normal_pairs(words: Any, out: Any) -> None:
    """Two blocks of normals from two blocks of words (Box and Muller 1958); the angle's top two bits choose the quadrant."""
    for i in range(LANES):
        radius = f4(np.sqrt(f4(-2.0) * log(uniform(words[i]))))
        turn = words[LANES + i]
        t = f4(i4(u4(turn << u4(2)))) * f4(np.pi / 4 / 2**31)
        z = t * t
        sine = ((f4(-1.9515295891e-4) * z + f4(8.3321608736e-3)) * z + f4(-1.6666654611e-1)) * z * t + t
        cosine = ((f4(2.443315711809948e-5) * z + f4(-1.388731625493765e-3)) * z + f4(4.166664568298827e-2)) * z * z
        cosine = cosine - f4(0.5) * z + f4(1.0)
        odd, negative = (turn & u4(0x40000000)) != u4(0), (turn & u4(0x80000000)) != u4(0)
        x, y = (sine if odd else cosine), (cosine if odd else sine)
        out[i] = radius * (-x if negative else x)
        out[LANES + i] = radius * (-y if odd != negative else y)


@jit
def normals(words: Any, out: Any) -> None:
    """Four blocks of standard normals from four blocks of words."""
    normal_pairs(words, out)
    normal_pairs(words[2 * LANES :], out[2 * LANES :])


@jit
def fill_uniforms(out: Any, seed: Any, firm: Any, stream: int) -> None:
    """Fill `out` (quarters, paths; float32) with the uniforms of one stream."""
    words = np.empty(4 * LANES, u4)
    for q in range(out.shape[0]):
        for path in range(0, out.shape[1], LANES):
            philox(words, path, q, stream, firm, seed)
            for i in range(min(LANES, out.shape[1] - path)):
                out[q, path + i] = uniform(words[i])
