"""Secrets in what git keeps: every blob and message once, told with the commits that brought it.

``names`` tells what each blob was called, ``looking`` searches them with several processes,
``origins`` says which commits brought those in which something was found, ``grouping`` makes one
leak of each value. ``ranges`` and ``staging`` do the same for some commits and for the index.
"""
