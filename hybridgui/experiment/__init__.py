"""Views of the experiment room."""
