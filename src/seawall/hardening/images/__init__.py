"""``seawall harden image``: an image rewritten without an engine, with what is of no use taken away."""
