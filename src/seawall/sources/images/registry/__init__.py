"""Images in registries (OCI distribution specification 1.1). No plain scan loads any of it."""
