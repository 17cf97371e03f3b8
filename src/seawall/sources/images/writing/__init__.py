"""Images on their way out: into layouts, archives and registries."""
