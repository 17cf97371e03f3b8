"""Why a proxy refused somebody, in plain words; what is not known is told as it is."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.mesh.verifying import reasons
from seawall.mesh.verifying.outcomes import ALERT, Outcome
from seawall.mesh.verifying.running import _line
from seawall.mesh.verifying.targets import Target
from seawall.mesh.verifying.trials import Trial

SILENT = "the proxy's log does not tell why"

_FAILED = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:"
_DEEP = f"{_FAILED}verify_cert_failed:_X509_verify_cert:_certificate_verification_error_at_depth_"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (f"{_DEEP}0:_certificate_has_expired:TLS_error_end", reasons.EXPIRED),
        (f"{_DEEP}0:_certificate_is_not_yet_valid:TLS_error_end", reasons.FUTURE),
        (f"{_DEEP}1:_unable_to_get_local_issuer_certificate:TLS_error_end", reasons.ISSUER),
        (f"{_FAILED}verify_cert_failed:_SAN_match:TLS_error_end", reasons.NAME),
        (f"{_FAILED}verify_cert_failed:_cert_precheck:TLS_error_end", reasons.NO_LEAF),
        (f"{_FAILED}verify_cert_failed:_no_trust_bundle_store:TLS_error_end", reasons.STRANGE),
        ("TLS_error:|268435612:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end",
         reasons.NO_TLS),
        ("rbac_access_denied_matched_policy[two_names]", reasons.TWO),
        ("transport_socket_timeout_was_reached", reasons.SILENT),
        ("TLS_error:|1:SSL_routines:OPENSSL_internal:SOMETHING_NEW:TLS_error_end",
         "something new"),
    ],
)  # fmt: skip
def test_words(written: str, words: str) -> None:
    assert reasons.told(written) == words


def _found(tmp_path_text: str, directory: str) -> reasons.Reasons:
    path = f"{directory}/log"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(tmp_path_text)
    target = Target("orders", "spiffe://a/b", (), (), "n", 1, 2, "admin", path)
    return reasons.reasons_of([target])


def test_the_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = str(tmp_path_factory.mktemp("log"))
    lines = [
        {"from": "10.0.0.1:1", "refused_because": f"{_DEEP}0:_certificate_has_expired"},
        {"from": "10.0.0.1:2", "refused_because": None, "ended_because": None, "flags": "DT"},
        {"from": "10.0.0.1:3", "refused_because": None, "flags": "-"},
        {"from": "10.0.0.1:4", "refused_because": None, "flags": "UH", "upstream": None},
        {"from": 7, "refused_because": "x"}, [], 5,
    ]  # fmt: skip
    text = "\n".join(map(json.dumps, lines)) + "\nno json\n{"
    assert _found(text, directory) == {
        ("orders", "10.0.0.1:1"): reasons.EXPIRED, ("orders", "10.0.0.1:2"): reasons.TOO_LONG,
        ("orders", "10.0.0.1:4"): reasons.UNDECLARED,
    }  # fmt: skip


def test_an_earlier_connection_from_the_same_port_is_another_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Ports come again, and what is written about the later one may be a second late."""
    path = tmp_path_factory.mktemp("log") / "log"
    line = {"from": "10.0.0.1:1", "refused_because": "rbac_access_denied_matched_policy[two_names]"}
    path.write_text(json.dumps({**line, "time": "2026-11-27T17:28:29.080Z"}) + "\n")
    target = Target("orders", "spiffe://a/b", (), (), "n", 1, 2, "admin", str(path))
    began = datetime(2026, 11, 27, 17, 28, 29, 990_000, UTC)
    own = {("orders", "10.0.0.1:1"): reasons.TWO}
    assert reasons.reasons_of([target], since=began.timestamp()) == own
    assert reasons.reasons_of([target], since=began.timestamp() + 1) == {}
    assert reasons.reasons_of([target]) == own


@given(st.text())
def test_nothing_is_raised(text: str) -> None:
    assert isinstance(reasons.told(text), str)


@pytest.mark.parametrize(
    ("because", "is_ok"),
    [(reasons.EXPIRED, True), (reasons.NAME, False), ("", False)],
)
def test_who_is_refused_for_something_else_has_not_been_tested(because: str, is_ok: bool) -> None:
    trial = Trial(
        "expired certificate", "orders", "n", 1, {}, "refused", lambda _: True, "orders",
        (reasons.EXPIRED,),
    )  # fmt: skip
    line = _line(trial, Outcome(ALERT, "certificate unknown", 4), because, {})
    assert line.ok is is_ok
    assert line.expected == f"refused: {reasons.EXPIRED}"
    assert line.seen.endswith(f"({because or SILENT})")
