"""What only the search for secrets knows is moved like what the rules know themselves."""

from pathlib import Path

import pytest

from tests.hardening.support import SAFE, hardened, written
from tests.secrets.rules import drawn

TOKEN = f"lin_api_{drawn(40)}"
"""Of a provider that no rule about manifests or Dockerfiles knows, under names that say nothing."""
POD = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    upstream: {TOKEN}
spec:
  containers:
    - name: web
      image: registry.example.org/web:1.4.2
      args: [--remote={TOKEN}, --mode=a]
      env:
        - name: UPSTREAM
          value: https://registry.example.org/{TOKEN}
        - name: MODE
          value: a
"""
DOCKERFILE = f"""\
FROM debian:12.11
ARG OTHER=x-{TOKEN}
RUN ./fetch $OTHER
ENV MODE=a UPSTREAM={TOKEN}
USER 10001
"""
RULES = (
    "hardcoded-secret", "secret-in-image-env", "secret-in-arg", "secret-env-not-removed",
    "linear-key",
)  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def test_it_moves(tree: Path) -> None:
    result = hardened(tree, select=RULES)
    mended = {item.finding.rule.id for change in result.changes for item in change.mended}
    assert mended == {"hardcoded-secret", "secret-in-image-env", "secret-in-arg"}
    written(tree, result)
    pod = (tree / "pod.yaml").read_text()
    assert pod.count(TOKEN) == 1  # an annotation has nowhere to take it from
    assert "--remote=$(REMOTE)" in pod
    assert "secretKeyRef" in pod
    dockerfile = (tree / "Dockerfile").read_text()
    assert TOKEN not in dockerfile
    assert "RUN --mount=type=secret,id=other,env=OTHER ./fetch $OTHER" in dockerfile
    assert "ENV MODE=a\n" in dockerfile


def test_its_value_is_not_told(tree: Path) -> None:
    result = hardened(tree, select=RULES)
    for report in (result.before, result.after):
        assert TOKEN not in repr(report)
    assert all(TOKEN not in repr((change.mended, change.along)) for change in result.changes)


@pytest.mark.parametrize(
    "options",
    [
        {"select": RULES, "secrets": False},
        {"select": RULES[:-1]},
        {"select": RULES, "ignore": ("linear-key",)},
        {"select": RULES, "tiers": SAFE},
    ],
)
def test_only_what_a_scan_would_tell(tree: Path, options: dict[str, object]) -> None:
    assert not hardened(tree, **options).changes  # type: ignore[arg-type]


def test_comments_are_heeded(tree: Path) -> None:
    (tree / "Dockerfile").unlink()
    text = POD.replace(f"    upstream: {TOKEN}\n", "    mode: a\n")
    text = text.replace(f"--remote={TOKEN}, ", "")
    marked = text.replace(TOKEN, f"{TOKEN} # gitleaks:allow")
    (tree / "pod.yaml").write_text(marked)
    assert not hardened(tree, select=RULES).changes
    (tree / "pod.yaml").write_text(text)
    assert hardened(tree, select=RULES).changes


def test_a_password_by_its_name(tmp_path: Path) -> None:
    """Names are known in one place, so that what a search tells by a name is known here too."""
    text = POD.replace("UPSTREAM", "DB_PW").replace(
        f"https://registry.example.org/{TOKEN}", "Xq7-k"
    )
    text = text.replace(f"    upstream: {TOKEN}\n", "    mode: a\n")
    text = text.replace(f"--remote={TOKEN}, ", "")
    (tmp_path / "pod.yaml").write_text(text)
    written(tmp_path, hardened(tmp_path, select=("hardcoded-secret",)))
    assert "Xq7-k" not in (tmp_path / "pod.yaml").read_text()
