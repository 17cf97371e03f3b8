"""How the files of a source are kept like those at its address: a module for each way."""
