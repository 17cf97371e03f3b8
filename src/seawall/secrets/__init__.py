"""Credentials that stand written out in texts of any kind.

Patterns find where to look (``finding``), rules and readers say what stands there (``rules``,
``reading``), checks prove or refute it without a network (``verifying``), and weights tell how sure
that is (``scoring``). ``search.Search`` puts them together. No token is ever tried: whoever scans a
text need not be allowed to use what it holds, and a scan must not tell a stranger's server of it.
"""
