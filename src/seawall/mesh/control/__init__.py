"""The controller: it knows all workloads and rules, and tells agents what is theirs."""
