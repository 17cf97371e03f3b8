"""The commands of the ceremony, as people type them, up to the request of a mesh."""

import os
import time
from pathlib import Path

import pytest

from seawall.cli import mesh
from seawall.cli.main import run as main
from seawall.mesh.authority import external
from seawall.mesh.authority.upstream import Signed
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.identity.certificates import from_pem
from tests.mesh.made import Clock, authority_in


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text(os.urandom(12).hex() + "\n")
    return str(path)


def test_the_ceremony(
    tmp_path: Path, passphrase: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    said = ["--passphrase-file", passphrase]
    init = ["mesh", "ca", "init", "mesh.example.org", *said]
    assert main(init) == 2
    assert "say --offline" in capsys.readouterr().err
    assert main([*init, "--offline"]) == 0
    assert oct(os.stat("root.p12").st_mode)[-3:] == "600"
    assert main([*init, "--offline"]) == 2
    assert "never overwritten" in capsys.readouterr().err
    authority = authority_in(tmp_path, Clock(int(time.time())), begun=False)
    Path("mesh.csr").write_bytes(external.request_of(authority))
    assert main(["mesh", "ca", "sign", "mesh.csr", "--days", "30", *said]) == 0
    chain = from_pem(capsys.readouterr().out.encode())
    root = from_pem(Path("root.pem").read_bytes())
    external.install(authority, Signed(tuple(chain), tuple(root)))
    for wrong, code, says in (
        (["sign", "none.csr", *said], 3, "No such file"),
        (["sign", "mesh.csr", "--days", "0", *said], 2, "give a number"),
        (["sign", "root.pem", *said], 2, "no certificate request"),
        (["install", "mesh"], 2, "no chain to install"),
        (
            ["init", "Mesh", "--offline", "--root-file", "a", "--key-file", "b", *said],
            2,
            "no SPIFFE",
        ),
    ):
        assert main(["mesh", "ca", *wrong]) == code, wrong
        assert says in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the store is another user's")
def test_request_and_install_at_a_mesh_that_is_not_up(
    tmp_path: Path, passphrase: str, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    import tempfile

    from seawall.mesh.hosting.layout import CONTROLLER_USER

    with tempfile.TemporaryDirectory(prefix="seawall-root-") as made:
        Path(made).chmod(0o755)
        layout = Layout("shop", made, str(tmp_path / "run"))
        os.makedirs(layout.state)
        authority_in(Path(layout.state), Clock(), begun=False).store.close()
        for path in (Path(layout.state), *Path(layout.state).iterdir()):
            os.chown(path, CONTROLLER_USER, CONTROLLER_USER)
        monkeypatch.setattr(mesh, "_layout_of", lambda _: layout)
        monkeypatch.chdir(tmp_path)
        assert main(["mesh", "ca", "request", "shop"]) == 0
        Path("mesh.csr").write_text(capfd.readouterr().out)
        said = ["--passphrase-file", passphrase]
        assert main(["mesh", "ca", "init", "mesh.example.org", "--offline", *said]) == 0
        capfd.readouterr()
        assert main(["mesh", "ca", "sign", "mesh.csr", *said]) == 0
        Path("chain.pem").write_text(capfd.readouterr().out)
        assert main(["mesh", "ca", "install", "shop", "chain.pem"]) == 0, capfd.readouterr()
        assert "installed" in capfd.readouterr().out
        assert main(["mesh", "ca", "install", "shop", "chain.pem"]) == 2
        assert "no request waits" in capfd.readouterr().err
