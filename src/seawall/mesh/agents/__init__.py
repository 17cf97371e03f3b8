"""The agent of a host: it makes keys, has them certified, and tells proxies what they need."""
