"""Images: what a container image is configured to do and what its file system holds."""
