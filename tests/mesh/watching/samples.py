"""A status as the controller tells it, for tests."""

from typing import Any


def standing(**more: Any) -> dict[str, Any]:
    found = {
        "addresses": ["10.77.0.2"], "slot": 2, "ends": 1600, "generation": 3, "is_connected": True,
        "refusals": [], "counts": {},
    }  # fmt: skip
    return {**found, **more}


def status(**workloads: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "trust_domain": "shop.example.org", "now": 1000, "generation": 4,
        "issuers": [
            {"number": 1, "kind": "root", "state": "active", "tainted": False, "ends": 9000},
            {"number": 1, "kind": "token key", "state": "active", "tainted": False, "ends": 0},
        ],
        "waits_for": ["web"], "revoked": ["spiffe://shop.example.org/workload/x"],
        "workloads": {
            name: {"id": f"spiffe://shop.example.org/workload/{name}", "host": "local",
                   "standing": own}
            for name, own in workloads.items()
        },
    }  # fmt: skip
