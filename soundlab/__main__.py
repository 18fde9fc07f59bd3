"""``python -m soundlab``."""

from soundlab.cli.main import run

if __name__ == "__main__":
    run()
