"""Resource quantities such as ``100m``, ``1e3`` and ``1Gi``."""

from seawall.core.lazy import pattern
from seawall.text.scalars import Value

_QUANTITY = pattern(
    r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([eE][+-]?[0-9]{1,3})|(n|u|m|k|M|G|T|P|E))?"
)
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
}  # fmt: skip


def quantity(value: Value) -> float | None:
    """The amount a quantity stands for, in its base unit (cores, bytes).

    Gives ``None`` when it is none (apimachinery, ``resource.ParseQuantity``). Amounts are
    floats: they are compared with each other and with limits, never added up.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e300 else None
    if not isinstance(value, str) or len(value) > 64:
        return None
    match = _QUANTITY.fullmatch(value.strip())
    if match is None:
        return None
    number, binary, exponent, decimal = match.groups()
    amount = float(number)
    if binary:
        return amount * _BINARY[binary]
    if exponent:
        return float(f"{number}{exponent}")
    return amount * _DECIMAL[decimal] if decimal else amount
