"""Container images: where they are, and what they hold."""
