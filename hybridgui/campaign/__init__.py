"""Views of the campaign room."""
