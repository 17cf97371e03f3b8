"""``seawall mesh inject``, ``uninject`` and ``manifests`` on a command line."""

import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seawall.cli import mesh
from seawall.core.errors import InputError, SeawallError, UsageError
from seawall.mesh.injection.errors import ManifestError
from tests.mesh.injection.samples import IMAGE, SETTINGS, WEB

Output = pytest.CaptureFixture[bytes]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_bytes(WEB.encode())
    return path


def inject(*arguments: object) -> int:
    return mesh.run(["inject", "--image", IMAGE, *map(str, arguments)])


def test_there_and_back(file: Path, capfdbinary: Output) -> None:
    assert inject(file) == 0
    injected = capfdbinary.readouterr().out
    assert file.read_bytes() == WEB.encode()
    file.write_bytes(injected)
    assert inject(file) == 0
    assert capfdbinary.readouterr().out == injected
    assert mesh.run(["uninject", str(file)]) == 0
    assert capfdbinary.readouterr().out == WEB.encode()


def test_in_the_file(file: Path, capfdbinary: Output) -> None:
    assert inject(file, "--check") == 1
    assert b"web.yaml: Deployment/web would change" in capfdbinary.readouterr().err
    assert inject(file, "--write") == 0
    assert b"seawall-mesh-proxy" in file.read_bytes()
    assert capfdbinary.readouterr() == (b"", b"")
    assert inject(file, "--check") == 0
    assert inject(file, "--check", "--proxy-user", 2000) == 1
    assert mesh.run(["uninject", str(file), "--check"]) == 1
    assert mesh.run(["uninject", str(file), "--write"]) == 0
    assert file.read_bytes() == WEB.encode()
    assert mesh.run(["uninject", str(file), "--check"]) == 0


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capfdbinary: Output) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(WEB.encode()))
    monkeypatch.setattr(sys, "stdin", given)
    assert inject("-", "--agent", "sidecar", "--controller", "mesh.example.org:15012") == 0
    written = capfdbinary.readouterr().out
    assert b"mesh.example.org:15012" in written
    assert b"hostPath" not in written
    with pytest.raises(UsageError, match="--write needs a file"):
        inject("-", "--write")


def test_refused(file: Path, capfdbinary: Output) -> None:
    file.write_text(WEB.replace("{runAsNonRoot: true}", "{}"))
    before = file.read_bytes()
    assert inject(file, "--write") == 1
    assert file.read_bytes() == before
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"web.yaml:15: Deployment/web: container wait may run as root" in err
    assert b"refused; nothing was written\n" in err


def test_a_file_without_pods(file: Path, capfdbinary: Output) -> None:
    file.write_text("kind: ConfigMap\napiVersion: v1\n")
    assert inject(file) == 0
    out, err = capfdbinary.readouterr()
    assert out == file.read_bytes()
    assert b"has no pods" in err


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["inject", "--image", IMAGE, "absent.yaml"], InputError),
        (["inject", "--image", "registry.example.org/seawall:1", "web.yaml"], UsageError),
        (["inject", "--image", IMAGE[:-1], "web.yaml"], UsageError),
        (["inject", "web.yaml"], UsageError),
        (["inject", "--image", IMAGE, "--proxy-user", "0", "web.yaml"], UsageError),
        (["inject", "--image", IMAGE, "--controller", "a b:1", "web.yaml"], UsageError),
        (["inject", "--image", IMAGE, "broken.yaml"], ManifestError),
        (["manifests", "--image", IMAGE], UsageError),
        (["manifests", "--image", IMAGE, "--trust-domain", "A"], SeawallError),
        (["manifests", "--image", IMAGE, "--trust-domain", "a", "--webhook-ca", "no"], InputError),
    ],
)
def test_errors(
    arguments: list[str], kind: type[SeawallError], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    (file.parent / "broken.yaml").write_text("a: [")
    with pytest.raises(kind, match=r"[;:,] "):
        mesh.run(arguments)


def test_manifests(capfdbinary: Output) -> None:
    assert mesh.run(["manifests", "--image", IMAGE, "--trust-domain", "shop.example.org"]) == 0
    written = capfdbinary.readouterr().out.decode()
    assert written.startswith("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: seawall-mesh\n")
    assert SETTINGS.controller in written


def test_it_needs_no_extra(file: Path) -> None:
    """Manifests are made where nothing of the mesh runs, and early, so little is imported."""
    code = (
        "import sys; from seawall.cli import mesh; "
        f"mesh.run(['inject', '--check', '--image', {IMAGE!r}, {str(file)!r}]); "
        "print([name for name in ('cryptography', 'grpc', 'envoy', 'seawall.kubernetes') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
