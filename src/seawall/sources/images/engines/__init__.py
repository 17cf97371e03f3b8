"""Images that a Docker or Podman on this machine holds. No plain scan loads any of it."""
