"""The user's own rules about secrets: seawall's, gitleaks' and Trivy's files, read as they are.

``loading`` tells the three formats apart and gives a ``RuleSet``; ``searching`` applies some of
them to texts. Patterns are strangers', so they run through RE2 only, whose time grows as the text
does (``regex``); Hyperscan may say which of them are worth a try (``gate``).
"""
