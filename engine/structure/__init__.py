"""Structures: recipe -> volume fractions -> packing -> voxels -> stack, and files in and out."""
