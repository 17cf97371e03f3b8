"""Mutual TLS between workloads that know nothing of it (extra ``seawall[mesh]``, Linux only).

``identity`` is who a workload is and the certificates that say so, ``authority`` who issues them.
Nothing here is loaded by a scan.
"""
