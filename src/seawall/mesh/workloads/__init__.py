"""The SPIFFE Workload API: identities for programs that take them themselves."""
