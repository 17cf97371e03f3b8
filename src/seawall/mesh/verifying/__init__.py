"""The mesh put to the test: attacks on running workloads, and what came of each."""
