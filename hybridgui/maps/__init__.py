"""Views of the maps room."""
