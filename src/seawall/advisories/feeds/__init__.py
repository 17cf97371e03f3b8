"""One reader for each source of advisories: from its own format to the records of the house."""
