"""One Linux host as a small cluster: a network namespace for each workload."""
