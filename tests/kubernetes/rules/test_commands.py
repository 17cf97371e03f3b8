"""What rules about commands do beyond their examples."""

from typing import Any

import pytest

from tests.kubernetes.rules.manifests import ODD, container, pod
from tests.kubernetes.support import judge

SUDO, PIPE = "sudo-or-ssh-in-entrypoint", "curl-pipe-sh-in-command"


def messages(rule: str, script: str) -> list[str]:
    return [f.message for f in judge(rule, pod(container(command=["sh", "-ec", script])))]


@pytest.mark.parametrize(
    "script",
    ["sudo web", "/usr/bin/sudo -u web web", "cd /srv && sudo web", "cd /srv\nsudo web",
     "a; sudo b", "(sudo web)", "if true; then sudo web; fi", "exec sudo web", "A=b sudo web",
     "x=$(sudo id)", "a | sudo tee b"],
)  # fmt: skip
def test_sudo(script: str) -> None:
    assert messages(SUDO, script) == ["calls sudo"]


@pytest.mark.parametrize(
    "script", ["echo no sudo here", "cat /etc/sudoers", "apt install sudo", "pseudo web", "sudoku"]
)
def test_no_sudo(script: str) -> None:
    assert messages(SUDO, script) == []


@pytest.mark.parametrize(
    ("script", "found"),
    [("/usr/sbin/sshd -D", True), ("dropbear -F", True), ("service ssh start && web", True),
     ("/etc/init.d/ssh start", True), ("ssh-keygen -A && exec /usr/sbin/sshd", True),
     ("ssh web@host", False), ("cp sshd_config /etc", False), ("cat /etc/ssh/sshd_config", False),
     ("sshd-keygen", False)],
)  # fmt: skip
def test_ssh_servers(script: str, found: bool) -> None:
    assert messages(SUDO, script) == (["starts an SSH server"] if found else [])


def test_commands_without_a_shell() -> None:
    assert judge(SUDO, pod(container(command=["sudo", "web"])))
    assert judge(SUDO, pod(container(args=["/usr/sbin/sshd", "-D"])))
    assert not judge(SUDO, pod(container(command=["echo", "; sudo web"])))
    assert not judge(SUDO, pod(container(command=["echo", "sudo"])))


@pytest.mark.parametrize(
    "script",
    [
        "curl -s https://x | sh",
        "curl -fsSL https://x | bash -s -- --yes",
        "wget -qO- 'https://x?a=1&b=2' | sudo -E bash -",
        "curl https://x \\\n  | /bin/sh",
        "curl https://x | gunzip | sh",
        "curl https://x | python3 -",
        "curl https://x | perl",
        "true && curl https://x | sh && web",
        'sh -c "$(curl -fsSL https://x)"',
        "bash <(curl -s https://x)",
        "eval `wget -qO- https://x`",
        'eval "$(curl https://x)"',
        "source <(curl https://x)",
    ],
)
def test_downloads_that_are_run(script: str) -> None:
    assert messages(PIPE, script) == ["runs what it downloads"]


@pytest.mark.parametrize(
    "script",
    [
        "curl https://x | jq .",
        "curl https://x | tar xz && sh install.sh",
        "curl -o x https://x; sh x",
        "curl https://x || sh fallback.sh",
        "curl https://x | python3 -m json.tool",
        "curl https://x | python3 -c 'import sys'",
        "curl https://x | grep -q ok || exit 1",
        "echo 'curl https://x | sh'",
        'echo "curl https://x | sh"',
        "curl https://x > x\ncat y | sh",
        "curl https://x | shasum",
        "curl https://x | sh-wrapper",
        "TOKEN=$(curl https://x) web",
    ],
)
def test_other_downloads(script: str) -> None:
    assert messages(PIPE, script) == []


def test_hooks_and_probes() -> None:
    script = {"exec": {"command": ["sh", "-c", "curl https://x | sh"]}}
    text = pod(container(lifecycle={"postStart": script}, livenessProbe=script))
    assert [f.location.key_path[3:] for f in judge(PIPE, text)] == [
        ("lifecycle", "postStart", "exec", "command", 2),
        ("livenessProbe", "exec", "command", 2),
    ]


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    for value in (odd, [odd], ["-c", odd]):
        action = {"exec": {"command": value}}
        hooks: dict[str, Any] = {
            "lifecycle": {"preStop": action, "postStart": odd},
            "startupProbe": action,
        }
        judge((SUDO, PIPE), pod(container(command=value, args=value, **hooks)))
    judge((SUDO, PIPE), pod(container(lifecycle=odd, livenessProbe=odd)))
