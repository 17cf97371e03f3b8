"""Takes secrets out of a stream of bytes: logs above all."""
