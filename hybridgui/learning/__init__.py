"""Views of the learning room."""
