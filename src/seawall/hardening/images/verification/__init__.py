"""``--verify``: original and result of ``seawall harden image`` run the same way, and compared."""
