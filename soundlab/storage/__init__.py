"""Rows and vectors: the only home of SQL."""
