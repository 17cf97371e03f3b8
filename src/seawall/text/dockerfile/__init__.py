"""Dockerfiles as text: a lossless reading with BuildKit's behaviour. Knows nothing of findings.

``parse`` gives a ``Dockerfile`` whose instructions, flags, words, heredocs and comments know their
bytes, and whose ``problem`` is the reason why ``docker build`` refuses the text, in its words.
What stages, names and values mean is the business of ``seawall.dockerfile``.
"""
