"""What the agent serves: configurations to proxies, identities to workloads that ask."""
