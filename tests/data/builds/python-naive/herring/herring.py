"""Counts fish."""

import sys

if __name__ == "__main__":
    print(f"{int(sys.argv[1])} herrings")
