"""Measurements: read a sheet, map its columns, fit a calendering law and say how far to trust it."""
