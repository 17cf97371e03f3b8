"""The command line: one module for each sub-command; parses, calls the engine, prints."""
