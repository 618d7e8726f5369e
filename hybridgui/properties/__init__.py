"""Views of the properties room."""
