"""Container images on their way through a scan: layers, the whole, what the rules say."""
