"""Views of the structure room."""
