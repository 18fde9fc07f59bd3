"""Files, signals and measures; numpy and friends, no torch."""
