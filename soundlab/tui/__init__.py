"""The interface: Textual screens over the same services as the command line."""
