import numpy as np

from engine.structure.random_stream import new_stream, uniforms


def _reference(state: list[int]) -> int:
    """xoshiro256** with Python's own integers."""
    mask = 2**64 - 1

    def turn(word: int, count: int) -> int:
        return ((word << count) | (word >> (64 - count))) & mask

    result = (turn(state[1] * 5 & mask, 7) * 9) & mask
    shifted = (state[1] << 17) & mask
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = turn(state[3], 45)
    return result


def test_that_the_stream_is_xoshiro256_starstar():
    state = new_stream(7)
    words = [int(word) for word in state]
    expected = [(_reference(words) >> 11) / 2**53 for _ in range(500)]
    assert uniforms(state, 500).tolist() == expected


def test_that_a_stream_goes_on_where_it_stopped():
    whole = uniforms(new_stream(3), 10)
    state = new_stream(3)
    assert np.array_equal(whole, np.concatenate([uniforms(state, 4), uniforms(state, 6)]))


def test_that_streams_of_nearby_seeds_and_purposes_are_unrelated():
    draws = np.array([uniforms(new_stream(s, p), 4000) for s in range(3) for p in range(2)])
    assert np.abs(np.corrcoef(draws) - np.eye(6)).max() < 0.08
    assert np.abs(draws.mean(axis=1) - 0.5).max() < 0.02
    assert np.abs(draws.var(axis=1) - 1 / 12).max() < 0.01
