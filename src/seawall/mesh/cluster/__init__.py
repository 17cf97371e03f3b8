"""The mesh in a cluster: what Kubernetes knows of pods, and the programs that run beside them."""
