"""Running a stranger's program away from everything: a root of its own, no network, limits."""
