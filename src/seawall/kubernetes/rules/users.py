"""Rules about users."""
