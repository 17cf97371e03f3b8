"""From text to trees with positions. Knows nothing of findings."""
