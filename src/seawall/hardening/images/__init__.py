"""``seawall harden image``: an image rewritten without an engine."""
