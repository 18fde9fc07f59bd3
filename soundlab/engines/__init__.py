"""Models: the only home of torch and transformers."""
