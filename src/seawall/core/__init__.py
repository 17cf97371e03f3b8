"""The nouns of a scan: findings, rules, locations, fixes, reports. Imports nothing of ours."""
