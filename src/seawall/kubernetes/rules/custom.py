"""Rules about custom."""
