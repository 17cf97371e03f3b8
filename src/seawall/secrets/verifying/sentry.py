"""Sentry's organisation tokens hold JSON with the time and address they were made at."""

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import json_of, packed
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_PREFIX = "sntrys_"


def check(value: str) -> Verdict:
    """Proven where the JSON says when and where; refuted otherwise."""
    told = json_of(value.removeprefix(_PREFIX).rpartition("_")[0])
    return PROVEN if isinstance(told, dict) and {"iat", "url"} <= told.keys() else REFUTED


def sign(value: str, random: Chance) -> str:
    """The value with such JSON in it."""
    told = {
        "iat": random.randrange(10**9), "url": "https://sentry.example.org",
        "region_url": "https://us.sentry.example.org", "org": "example",
    }  # fmt: skip
    return f"{_PREFIX}{packed(told, url=False)}_{value.rpartition('_')[2]}"
