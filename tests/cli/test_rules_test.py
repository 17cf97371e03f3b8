"""``seawall rules test``."""

from pathlib import Path

from tests.cli.support import command

RULES = """\
[[rule]]
id = "shop-key"
regex = 'shop_(\\w+)'
examples = ["key = shop_a"]
non_examples = ["shop-a"]

[[rule]]
id = "wrong"
regex = 'w[0-9]'
keywords = ["wrong"]
paths = ["*.conf"]
examples = ["w1", "wrong w1"]
non_examples = ["wrong w2", "w3"]

[[rule]]
id = "untried"
regex = 'u'
"""


def test_the_rules_that_come_with_it() -> None:
    done = command("rules", "test", "--times", "1", "--seed", "1")
    assert done.code == 0, done.output
    assert "rules of seawall, 1 drawn examples each, seed 1: all as they should" in done.output


def test_rules_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    done = command("rules", "test", "--times", "0", str(path))
    assert done.code == 1
    assert done.output.splitlines() == [
        f"{path}:7: wrong finds nothing in example 1",
        f"{path}:7: wrong finds something in non_example 1",
        "3 rules of your own, 6 examples, 1 without any: 1 failed",
    ]
    path.write_text(RULES.partition("\n\n")[0])
    assert command("rules", "test", "--times", "0", str(path)).code == 0


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert command("rules", "test", "--times", "0", str(tmp_path / "absent")).code == 2
    (tmp_path / "bad.toml").write_text("[[rule]]\nid = 'a'\nregex = '('\n")
    done = command("rules", "test", "--times", "0", str(tmp_path / "bad.toml"))
    assert done.code == 2
    assert "bad.toml:3: regex is no expression that can be run" in done.errors


def test_notes_are_told(tmp_path: Path) -> None:
    (tmp_path / ".gitleaks.toml").write_text("[extend]\nuseDefault = true\n")
    done = command("rules", "test", "--times", "0", str(tmp_path / ".gitleaks.toml"))
    assert done.code == 0
    assert "note: " in done.output
    assert "seawall's own rules run" in done.output
