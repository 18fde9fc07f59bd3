"""Procedural sounds with captions and known attributes."""
