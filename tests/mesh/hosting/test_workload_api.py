"""Programs in a mesh take their own identity from the agent's socket, and no other's."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from seawall.mesh.control.operating import ask
from tests.mesh.hosting.keeping import kept_up
from tests.mesh.hosting.test_up import SYSTEM_PYTHON, Mesh, _reason

pytestmark = pytest.mark.skipif(bool(_reason()), reason=_reason())
pytest.importorskip("spiffe")
PROGRAM = os.path.realpath(sys.executable)
DESCRIPTION = f"""\
mesh: NAME
trustDomain: shop.example.org
workloads:
  orders:
    command: [{SYSTEM_PYTHON}, -c, "import os, time; open('DIR/told', 'w').write(os.environ['SPIFFE_ENDPOINT_SOCKET']); time.sleep(1000)"]
    user: 1001
  billing:
    attest: {{user: 1002, path: {PROGRAM}, sha256: DIGEST}}
  stock:
    attest: {{user: 1003, path: /bin/sh}}
  units:
    attest: {{unit: no-such.service}}
"""  # noqa: E501 - a program
# The client is loaded before the rights are given up: the tests' own files may be in a home.
CALLER = """
import json, os, sys
import spiffe, spiffe.errors
path, user = sys.argv[1], int(sys.argv[2])
if user:
    os.setgroups([]); os.setresgid(user, user, user); os.setresuid(user, user, user)
said = {}
try:
    with spiffe.WorkloadApiClient(socket_path="unix://" + path) as client:
        said["id"] = str(client.fetch_x509_svid(timeout=10).spiffe_id)
        token = client.fetch_jwt_svid(audience={"reports"}, timeout=10)
        checked = client.validate_jwt_svid(token.token, "reports", timeout=10)
        said["checked"] = str(checked.spiffe_id)
        bundles = client.fetch_jwt_bundles(timeout=10)
        known = bundles.get_bundle_for_trust_domain(token.spiffe_id.trust_domain)
        spiffe.JwtSvid.parse_and_validate(token.token, known, {"reports"})
        said["keys"] = len(known.jwt_authorities)
except (spiffe.errors.PySpiffeError, ValueError) as error:
    said["fault"] = repr(error)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    name = f"api{os.getpid() % 100_000}"
    with tempfile.TemporaryDirectory(prefix="seawall-api-") as made:
        directory = Path(made)
        directory.chmod(0o777)
        text = DESCRIPTION.replace("NAME", name).replace("DIR", made)
        text = text.replace("DIGEST", sha256(Path(PROGRAM).read_bytes()).hexdigest())
        with kept_up(directory, name, text) as layout:
            yield Mesh(layout)


def asked(mesh: Mesh, workload: str, user: int) -> dict[str, Any]:
    """What the API says to a program of a user."""
    path = f"{mesh.layout.programs(workload)}/api.sock"
    said = subprocess.run(
        [sys.executable, "-c", CALLER, path, str(user)], capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def test_a_program_is_told_where_its_socket_is(mesh: Mesh) -> None:
    told = mesh.layout.run_root.replace("/run", "/told")
    assert mesh.until(lambda: os.path.exists(told) and bool(Path(told).read_text()))
    assert Path(told).read_text() == f"unix://{mesh.layout.programs('orders')}/api.sock"


def test_a_program_gets_its_own_identity(mesh: Mesh) -> None:
    own = "spiffe://shop.example.org/workload/orders"
    said = asked(mesh, "orders", 1001)
    assert said == {"id": own, "checked": own, "keys": 1}
    audit = Path(mesh.layout.state, "audit.log").read_text()
    (line,) = [text for text in audit.splitlines() if '"event": "token"' in text]
    assert json.loads(line)["audience"] == ["reports"]


def test_nobody_else_can_open_the_socket(mesh: Mesh) -> None:
    assert "fault" in asked(mesh, "orders", 1002)
    # Root may open it, and is not who is meant.
    said = asked(mesh, "orders", 0)
    assert "no workload that is known" in said["fault"]


def test_a_plain_workload_is_known_by_its_program(mesh: Mesh) -> None:
    assert asked(mesh, "billing", 1002)["id"] == "spiffe://shop.example.org/workload/billing"
    for workload, user in (("billing", 1001), ("stock", 1003), ("units", 1001)):
        assert "no workload that is known" in asked(mesh, workload, user)["fault"]
    said = Path(mesh.layout.logs, "mesh.agent.log").read_text()
    assert f"program {PROGRAM} is not /bin/sh" in said
    assert "unit none is not no-such.service" in said or "is not no-such.service" in said


def test_the_key_for_tokens_gives_way(mesh: Mesh) -> None:
    def keys() -> list[str]:
        issuers = ask(mesh.layout.operator, "Status")["issuers"]
        return [own["state"] for own in issuers if own["kind"] == "token key"]

    assert keys() == ["active"]
    ask(mesh.layout.operator, "Rotate", tokens=True)
    assert mesh.until(lambda: keys() == ["retiring", "active"]), mesh.status()
    assert asked(mesh, "orders", 1001)["keys"] == 2
    ask(mesh.layout.operator, "Taint", tokens=True)
    assert mesh.until(lambda: keys() == ["active"]), mesh.status()
    deadline = time.monotonic() + 10
    while asked(mesh, "orders", 1001).get("keys") != 1:
        assert time.monotonic() < deadline
