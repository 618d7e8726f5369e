"""Blocks of 4 x 4 x 4 voxels as 64-bit words: what connects inside them, and from one to the next.

Voxel (dz, dy, dx) of a block is bit 16 dz + 4 dy + dx of its word. All voxels of a block then
spread to their neighbours at once by shifts, and the faces that two connected parts of neighbouring
blocks share are counted at once. Percolation and the first coarse level of a single conductor rest
on the same parts: merging whole blocks would join pores on the two sides of a thin wall, and
clogged networks would then converge slowly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.compiled import kernel
from engine.properties.conductor import Conductor
from engine.properties.graph import Level, pack
from engine.properties.union_find import find_root, join_sets, singles

ONE, TWO, FOUR = np.uint64(1), np.uint64(2), np.uint64(4)
ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
FIRST_X = np.uint64(0x1111_1111_1111_1111)  # voxels of the side x = 0
FIRST_Y = np.uint64(0x000F_000F_000F_000F)
FIRST_Z = np.uint64(0x0000_0000_0000_FFFF)
NOT_FIRST_X, NOT_LAST_X = ~FIRST_X, ~(FIRST_X << np.uint64(3))
NOT_FIRST_Y, NOT_LAST_Y = ~FIRST_Y, ~(FIRST_Y << np.uint64(12))
FIRST = (FIRST_Z, FIRST_Y, FIRST_X)
STRIDE = (np.uint64(16), np.uint64(4), np.uint64(1))  # bits from voxel to voxel along z, y, x
EDGE = 4  # voxels
MOST = 32  # parts in a block, when its voxels are a checkerboard


class Parts(NamedTuple):
    """Face-connected parts of each block, block after block."""

    first: np.ndarray  # (blocks z, y, x) flat, one more than blocks, int32: first part of each
    words: np.ndarray  # (parts,) uint64: voxels of each part
    blocks: tuple[int, int, int]
    shape: tuple[int, int, int]  # of the volume


def parts_of(mask: np.ndarray) -> Parts:
    """Split the voxels that are not zero into the connected parts of each block.

    Parameters
    ----------
    mask : ndarray of uint8, shape (nz, ny, nx)
    """
    blocks = tuple((edge + EDGE - 1) // EDGE for edge in mask.shape)
    words = np.zeros(blocks, np.uint64)
    pack_words(mask, words)
    first, parts = split_words(words.ravel())
    return Parts(first, parts, blocks, mask.shape)


@kernel
def pack_words(mask, words):
    """Write the word of each block to zeros of uint64, shape (blocks z, y, x).

    `mask` is uint8 of shape (nz, ny, nx).
    """
    nz, ny, nx = mask.shape
    whole = nx // 4
    for z in range(nz):
        for y in range(ny):
            line, out = mask[z, y], words[z >> 2, y >> 2]
            shift = np.uint64(16 * (z & 3) + 4 * (y & 3))
            for b in range(whole):
                x = 4 * b
                bits = np.uint64(line[x] != 0) | np.uint64(line[x + 1] != 0) << ONE
                bits |= (np.uint64(line[x + 2] != 0) | np.uint64(line[x + 3] != 0) << ONE) << TWO
                out[b] |= bits << shift
            for x in range(4 * whole, nx):
                out[whole] |= np.uint64(line[x] != 0) << (shift + np.uint64(x - 4 * whole))


@kernel
def split_words(words):
    """Connected parts of each word, uint64, shape (blocks,).

    Returns
    -------
    first, parts : ndarray
        ``Parts.first`` and ``Parts.words``.
    """
    first = np.empty(words.size + 1, np.int32)
    parts = np.empty(MOST + words.size, np.uint64)
    count = 0
    for n in range(words.size):
        first[n] = count
        if parts.size < count + MOST:
            grown_parts = np.empty(2 * parts.size, np.uint64)
            # In a loop: the message about unequal slices would compile for three seconds.
            for i in range(count):
                grown_parts[i] = parts[i]
            parts = grown_parts
        rest = words[n]
        while rest:
            part = rest & (~rest + ONE)  # its lowest voxel
            while True:
                grown = part | (part << ONE) & NOT_FIRST_X | (part >> ONE) & NOT_LAST_X
                grown &= rest
                grown |= (grown << FOUR) & NOT_FIRST_Y | (grown >> FOUR) & NOT_LAST_Y
                grown &= rest
                grown |= (grown << STRIDE[0]) | (grown >> STRIDE[0])
                grown &= rest
                if grown == part:
                    break
                part = grown
            parts[count] = part
            rest &= ~part
            count += 1
    first[words.size] = count
    return first, parts[:count].copy()


@kernel
def count_bits(word):
    """Number of bits set in a word of 64."""
    word -= (word >> ONE) & np.uint64(0x5555_5555_5555_5555)
    pairs = np.uint64(0x3333_3333_3333_3333)
    word = (word & pairs) + ((word >> TWO) & pairs)
    word = (word + (word >> FOUR)) & np.uint64(0x0F0F_0F0F_0F0F_0F0F)
    return np.int64((word * np.uint64(0x0101_0101_0101_0101)) >> np.uint64(56))


@kernel
def link_parts(first, words, blocks, shape, wraps, units):
    """Links between parts of neighbouring blocks that share voxel faces.

    Parameters
    ----------
    first, words, blocks, shape
        `Parts`.
    wraps : three bools
        Axes along which opposite sides touch.
    units : ndarray of float64, shape (3,)
        Conductance of one face across z, y, x.

    Returns
    -------
    one, two : ndarray of int32, shape (links,)
    weight : ndarray of float32, shape (links,)
        Conductance of all faces that the two parts share.
    """
    ways = (blocks[1] * blocks[2], blocks[2], 1)
    room = 0
    for fill in range(2):
        if not fill:
            one, two, weight = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
        else:
            one, two = np.empty(room, np.int32), np.empty(room, np.int32)
            weight = np.empty(room, np.float32)
        count = 0
        n = -1
        for z in range(blocks[0]):
            for y in range(blocks[1]):
                for x in range(blocks[2]):
                    n += 1
                    if first[n] == first[n + 1]:
                        continue
                    place = (z, y, x)
                    for axis in range(3):
                        m, high = n + ways[axis], 3
                        if place[axis] + 1 == blocks[axis]:
                            if not wraps[axis]:
                                continue
                            m -= blocks[axis] * ways[axis]
                            high = (shape[axis] - 1) & 3
                        if not fill:
                            # two sides of 16 voxel faces
                            room += min(16, (first[n + 1] - first[n]) * (first[m + 1] - first[m]))
                            continue
                        shift = np.uint64(high) * STRIDE[axis]
                        for i in range(first[n], first[n + 1]):
                            side = (words[i] >> shift) & FIRST[axis]
                            if not side:
                                continue
                            for j in range(first[m], first[m + 1]):
                                joint = side & words[j]
                                if joint and i != j:
                                    one[count], two[count] = i, j
                                    weight[count] = units[axis] * count_bits(joint)
                                    count += 1
    return one[:count], two[:count], weight[:count]


def plate_faces(parts: Parts) -> np.ndarray:
    """Number of voxels of each part in the first and in the last slice, int32, shape (parts, 2)."""
    faces = np.zeros((parts.words.size, 2), np.int32)
    _count_faces(*parts, faces)
    return faces


@kernel
def _count_faces(first, words, blocks, shape, faces):
    """Fill `plate_faces`."""
    layer = blocks[1] * blocks[2]
    shift = np.uint64((shape[0] - 1) & 3) * STRIDE[0]
    for i in range(first[layer]):
        faces[i, 0] = count_bits(words[i] & FIRST_Z)
    for i in range(first[(blocks[0] - 1) * layer], words.size):
        faces[i, 1] = count_bits((words[i] >> shift) & FIRST_Z)


@kernel
def roots(one, two, count):
    """First part of the component of each part.

    Parameters
    ----------
    one, two : ndarray of int32, shape (links,)
        Parts that touch, see `link_parts`.
    count : int
        Number of parts.

    Returns
    -------
    ndarray of int32, shape (parts,)
    """
    parent = singles(count)
    for k in range(one.size):
        join_sets(parent, one[k], two[k])
    for i in range(count):
        parent[i] = find_root(parent, i)
    return parent


@kernel
def spanning_parts(root, faces):
    """1 for each part whose component has voxels in the first and in the last slice, else 0.

    Takes what `roots` and `plate_faces` return; returns uint8, shape (parts,).
    """
    touched = np.zeros(root.size, np.uint8)
    for i in range(root.size):
        touched[root[i]] |= np.uint8(faces[i, 0] > 0) | np.uint8(faces[i, 1] > 0) << 1
    keep = np.empty(root.size, np.uint8)
    for i in range(root.size):
        keep[i] = touched[root[i]] == 3
    return keep


@kernel
def paint(first, words, blocks, keep, volume):
    """Write 1 into the voxels of the parts to keep and 0 into all others.

    Parameters
    ----------
    first, words, blocks
        `Parts`.
    keep : ndarray of uint8, shape (parts,)
        Not zero for the parts to keep.
    volume : ndarray of uint8, shape (nz, ny, nx)
        Overwritten.
    """
    nz, ny, nx = volume.shape
    kept = np.zeros(first.size - 1, np.uint64)
    for n in range(kept.size):
        for i in range(first[n], first[n + 1]):
            kept[n] |= words[i] * np.uint64(keep[i] != 0)
    for z in range(nz):
        for y in range(ny):
            n = ((z >> 2) * blocks[1] + (y >> 2)) * blocks[2]
            shift = np.uint64(16 * (z & 3) + 4 * (y & 3))
            line, blocks_here = volume[z, y], kept[n : n + blocks[2]]
            for b in range(nx // 4):
                bits = blocks_here[b] >> shift
                line[4 * b] = bits & ONE
                line[4 * b + 1] = (bits >> ONE) & ONE
                line[4 * b + 2] = (bits >> TWO) & ONE
                line[4 * b + 3] = (bits >> np.uint64(3)) & ONE
            for x in range(nx // 4 * 4, nx):
                line[x] = (blocks_here[x >> 2] >> (shift + np.uint64(x & 3))) & ONE


@kernel
def positions(first, blocks, count):
    """Where the blocks of the parts lie.

    Parameters
    ----------
    first, blocks
        `Parts`.
    count : int
        Number of parts.

    Returns
    -------
    box : ndarray of int64, shape (parts,)
        See `engine.properties.graph.pack`.
    colour : ndarray of uint8, shape (parts,)
        0 where the sum of the block's indices is even, else 1.
    """
    box = np.empty(count, np.int64)
    colour = np.empty(count, np.uint8)
    n = -1
    for z in range(blocks[0]):
        for y in range(blocks[1]):
            for x in range(blocks[2]):
                n += 1
                for i in range(first[n], first[n + 1]):
                    box[i] = pack(z, y, x)
                    colour[i] = (z + y + x) & 1
    return box, colour


def group_blocks(conductor: Conductor, scale: float) -> tuple[Parts, Level]:
    """Make each connected part of a block one node of a graph.

    Parameters
    ----------
    conductor : Conductor
        With one class besides the wall.
    scale : float
        Divisor of the conductances.
    """
    cells, pair, weights, wrap = conductor
    parts = parts_of(cells)
    units = weights * (pair[1, 1] / scale)
    one, two, weight = link_parts(*parts, (False, wrap, wrap), units)
    plate = plate_faces(parts).sum(axis=1) * (2 * units[0])
    box, colour = positions(parts.first, parts.blocks, parts.words.size)
    return parts, Level(one, two, weight, plate, colour, box)
