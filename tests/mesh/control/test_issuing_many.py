"""Many certificates at once: written down in one change, and none is given out without it."""

from base64 import b64encode
from pathlib import Path

import pytest

from seawall.mesh.authority.errors import StoreError
from seawall.mesh.authority.store import Issued, Store
from seawall.mesh.control.registry import Entry, Registry
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.keys import new_key
from seawall.mesh.identity.requests import make_request
from seawall.mesh.identity.spiffe_id import SpiffeId
from tests.mesh.made import ORDERS, WEB, Clock, authority_in


def requests(*names: SpiffeId) -> dict[str, object]:
    made = (make_request(name, new_key()) for name in names)
    return {"requests": [b64encode(data).decode() for data in made]}


def controller_in(directory: Path) -> Controller:
    entries = [Entry("web", WEB, "local", ())]
    return Controller(authority_in(directory, Clock()), Registry(entries, (), 600), 600)


def test_one_that_is_refused_does_not_take_others_with_it(tmp_path: Path) -> None:
    controller = controller_in(tmp_path)
    answers = controller.issue("local", requests(WEB, ORDERS, WEB))["answers"]
    assert ["refused" in answer for answer in answers] == [False, True, False]
    assert [own.id for own in controller.authority.store.issued(0)] == [WEB, WEB]
    again = authority_in(tmp_path, Clock())  # it is on the disk
    assert len(again.store.issued(0)) == 2


def test_none_is_given_out_that_cannot_be_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = controller_in(tmp_path)
    remember, seen = Store.remember, []

    def fails_the_second_time(store: Store, issued: Issued) -> None:
        seen.append(issued)
        if len(seen) == 2:
            raise StoreError("no room: make some")
        remember(store, issued)

    monkeypatch.setattr(Store, "remember", fails_the_second_time)
    with pytest.raises(StoreError, match="no room"):
        controller.issue("local", requests(WEB, WEB))
    assert controller.authority.store.issued(0) == []
