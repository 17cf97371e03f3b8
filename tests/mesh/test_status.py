"""``mesh status``: who is lenient is said, in words."""

from seawall.reports.mesh import status_table

STANDING = {
    "addresses": [], "slot": 2, "ends": 1100, "generation": 1, "is_connected": True, "refusals": [],
    "counts": {"plaintext:80": 2, "plaintext:90": 3, "plaintextual": 9},
}  # fmt: skip
OWN = {"id": "spiffe://td/a", "host": "here", "standing": STANDING, "plaintext_until": 0}
STATUS = {
    "trust_domain": "td", "now": 1000, "generation": 1, "issuers": [], "waits_for": [],
    "revoked": [], "off": {"printer": "its vendor is gone"},
    "workloads": {
        "a": OWN, "b": {**OWN, "plaintext_until": 1060}, "c": {**OWN, "plaintext_until": 990},
        "d": {**OWN, "plaintext_until": 1060, "standing": None},
    },
}  # fmt: skip


def test_who_is_lenient_is_said() -> None:
    lines = status_table(STATUS).splitlines()
    assert lines[-4:] == [
        "permissive: b takes plaintext for 60 s more; 5 connections came so",
        "permissive: c has taken no plaintext for 10 s",
        "permissive: d takes plaintext for 60 s more; 0 connections came so",
        "off: printer: its vendor is gone",
    ]


def test_what_is_tried_first_is_said() -> None:
    trying = {"number": "5", "tries": ["a", "gateway"], "fault": ""}
    assert status_table({**STATUS, "push": trying}).splitlines()[-5] == (
        "what is declared now is tried by a, gateway, and goes to the others after that"
    )
    for push in (None, {**trying, "tries": [], "fault": "a does not take it"}):
        assert "is tried by" not in status_table({**STATUS, "push": push})
