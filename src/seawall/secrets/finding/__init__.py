"""Where to look: events say that a pattern may match around a place.

``native`` has Hyperscan look for all patterns at once; ``plain`` looks for texts that each match
must hold, where there is no Hyperscan or so little to read that it is not worth its start. What is
a match is decided by neither, so both lead to the same findings.
"""
