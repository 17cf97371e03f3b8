"""What stands at the places that were found: a reader for each way to write secrets down."""
