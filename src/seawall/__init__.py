"""seawall: the security of containerised software, from source to traffic."""

__version__ = "0.1.0"
