"""Shell scripts as commands with places: RUN bodies, ``sh -c`` texts, entrypoint scripts.

``parser.parse`` gives a ``Script``; rules look at its commands and need not know what read it.
"""
