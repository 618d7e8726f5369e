"""Campaigns: a design of conditions, run on all cores, one typed event per structure."""
