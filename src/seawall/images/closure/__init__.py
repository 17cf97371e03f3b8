"""What an image needs to run: its process and all that this reaches, found without running it."""
