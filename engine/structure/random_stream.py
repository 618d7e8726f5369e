"""Random numbers inside kernels: the same bits on every worker and in every thread.

A stream is xoshiro256** (Blackman and Vigna 2021, DOI 10.1145/3460772), four 64-bit words that
live in an array owned by the caller. They come from `numpy.random.SeedSequence`, so that nearby
seeds give unrelated streams. Numba's own generator is state of a thread and numpy's can change
its algorithms with a release; this one does neither.
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel

_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53: a double holds 53 bits


def new_stream(seed: int, purpose: int = 0) -> np.ndarray:
    """Start a stream of random numbers.

    Parameters
    ----------
    seed : int
        Non-negative seed of the structure.
    purpose : int
        Which of the structure's streams: adding draws to one leaves the others as they were.

    Returns
    -------
    ndarray of uint64, shape (4,)
    """
    words = np.random.SeedSequence(seed, spawn_key=(purpose,)).generate_state(4, np.uint64)
    if not words.any():  # the one state that xoshiro cannot leave
        words[0] = np.uint64(1)
    return words


@kernel
def _rotate_left(word, count):
    return (word << np.uint64(count)) | (word >> np.uint64(64 - count))


@kernel
def next_word(state):
    """Return the next 64 random bits and advance the stream."""
    result = _rotate_left(state[1] * np.uint64(5), 7) * np.uint64(9)
    shifted = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = _rotate_left(state[3], 45)
    return result


@kernel
def uniform(state):
    """Return a uniform double in [0, 1)."""
    return float(next_word(state) >> np.uint64(11)) * _TO_UNIT


@kernel
def below(state, limit):
    """Return a uniform integer in [0, limit), limit < 2**53; the bias is under limit * 2**-53."""
    return int(uniform(state) * limit)


def uniforms(state: np.ndarray, count: int) -> np.ndarray:
    """Return `count` uniform doubles in [0, 1) and advance the stream."""
    return _uniforms(state, count)


@kernel
def _uniforms(state, count):
    out = np.empty(count)
    for i in range(count):
        out[i] = uniform(state)
    return out
