"""How a mesh stands, in numbers: what proxies count, for people, pictures and Prometheus."""
