"""How the user's database changes: one update at a time, and as a whole or not at all."""
