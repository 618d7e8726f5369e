"""Structures: recipe -> volume fractions -> packing -> voxels -> stack, and files in and out.

Data flows in this order:

- `condition`: Recipe, Coating, Condition; `loading` and `materials` what a lab weighs and buys;
  `options` the generator's parameters.
- `generate`: one call for both protocols. `published` is the one to compare with the literature;
  `physical` the one for real work: `sizes` -> `packing` (with `neighbours`) -> `active_material`
  -> `voxelise` -> `cbd`; `spheroids` packs flakes and needles. `random_stream` makes the same bits everywhere.
- `own_materials` keeps the user's materials; `changes` says since when a recipe gives other voxels.
- `calendering_path`: one electrode pressed step by step.
- `stack` the result; `stack_io` (`tiff_file`, `volume_files`, `labels`), `stack_edit`,
  `particles` files in and out; `particle_table` and `particle_import` those of other simulations.
"""
