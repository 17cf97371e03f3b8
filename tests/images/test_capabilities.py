"""What ``security.capability`` says, as setcap writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.images.capabilities import names_of


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        # setcap cap_net_raw+ep: revision 2, effective bit, permitted 1 << 13
        ("0100000200200000000000000000000000000000", ("cap_net_raw",)),
        ("0100000200040000000000000000000000000000", ("cap_net_bind_service",)),
        ("01000002c0000000000000000000000000000000", ("cap_setgid", "cap_setuid")),
        # cap_bpf is bit 39: the second pair
        ("0000000200000000000000008000000000000000", ("cap_bpf",)),
        (
            "000000020000000000000000000f000000000000",
            ("cap_checkpoint_restore", "cap_41", "cap_42", "cap_43"),
        ),
        # revision 3 has the id of root in the user namespace behind
        ("010000030020000000000000000000000000000000e80300", ("cap_net_raw",)),
        ("0100000100200000", ()),  # cut off
        ("01000001002000000000000000", ("cap_net_raw",)),
        ("01000009002000000000000000000000", ()),
        ("", ()),
    ],
)
def test_attributes(attribute: str, names: tuple[str, ...]) -> None:
    assert names_of(bytes.fromhex(attribute)) == names


@given(st.binary(max_size=40))
def test_any_bytes_will_do(attribute: bytes) -> None:
    assert all(name.startswith("cap_") for name in names_of(attribute))
