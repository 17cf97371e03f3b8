"""Archives of all usual kinds, and what is in them, archives within archives included.

``walking`` goes through one and gives each member to who wants it, piece by piece; nothing is
written anywhere, and every number in ``limits`` ends in a note, not in a full memory.
"""
