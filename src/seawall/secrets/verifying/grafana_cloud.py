"""Grafana's API keys and Grafana Cloud's tokens are base64 of JSON with a key in it."""

from seawall.secrets.candidate import Proof
from seawall.secrets.chance import Chance
from seawall.secrets.verifying.encoded import json_of, packed
from seawall.secrets.verifying.verdict import PROVEN, REFUTED, Verdict

_CLOUD = "glc_"


def check(value: str) -> Verdict:
    """Proven where the JSON has the members of such a token; tells its name."""
    told = json_of(value.removeprefix(_CLOUD))
    if not isinstance(told, dict) or not isinstance(told.get("k"), str):
        return REFUTED
    if len(set(told["k"])) < 6:
        return REFUTED
    name = told.get("n")
    return Verdict(Proof.PROVEN, f"named {name[:60]}") if isinstance(name, str) and name else PROVEN


def sign(value: str, random: Chance) -> str:
    """A token that can be read."""
    key = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", k=32))
    if value.startswith(_CLOUD):
        told = {"o": "1", "n": "stack-1-logs", "k": key, "m": {"r": "eu"}}
        return _CLOUD + packed(told, url=False)
    return packed({"k": key, "n": "ci", "id": 1}, url=False)
