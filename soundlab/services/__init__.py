"""One stage of the loop a file."""
