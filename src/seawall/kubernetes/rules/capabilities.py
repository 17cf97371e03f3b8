"""Rules about capabilities."""
