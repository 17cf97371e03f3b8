"""Rules about tokens with a form of their own: data in TOML, one table for each form."""
