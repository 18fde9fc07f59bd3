"""Soundlab: reference audio, generated textures, and direction that is measured."""

__version__ = "0.1.0"
