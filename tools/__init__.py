"""Scripts for those who work on seawall."""
