"""Records what gitleaks finds with made-up configurations, for tests/secrets/custom.

    python tools/record_gitleaks.py GITLEAKS [--cases 120] [--seed 2]

``GITLEAKS`` is the program (8.30 was used). Configurations and texts are drawn; each is run in a
directory of its own with ``gitleaks dir --max-decode-depth 0``, since decoding is ours. Left out
are configurations that gitleaks refuses, findings without a value (``secretGroup`` names a group
that took no part) and allow lists for all rules with paths and ``condition = "AND"``, as ``gitleaks
dir`` passes over such paths without looking at the rest.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parent.parent / "tests" / "data" / "foreign" / "gitleaks.jsonl"
REGEXES = (
    r"key=(\w+)", r'(?i)KEY\s*[:=]\s*"?(\w{3,8})"?', r"tok_[a-z0-9]{4}", r"(a)?(b+)(c*)",
    r"\n(zed\w*)\n", r"(?m)^id: (\S+)$", r"pw=(\w+)|pass=(\w+)", r"(?s)start(.*?)end",
    r"[^a-z]x(.)y", r"é(\w+)", r"\bfoo\b", r"(?i)k(\w)s", r".{3}Q", r"(?:q(\w)?)+z",
)  # fmt: skip
KEYWORDS = ("key", "tok_", "ab", "zed", "ID", "pw", "PASS", "start", "x", "foo", "k", "q")
PATHS = (r"\.py$", r"(^|/)vendor(/|$)", r"a\.txt", "sub", "^b", ".*")
ALLOWED = ("^dead", "beef$", "x", "key=1", "test", r"^\d+$", "foo")
STOPWORDS = ("dead", "TEST", "ee", "foo", "1")
FILES = ("a.txt", "b.py", "sub/c.py", "sub/vendor/d.txt", "vendor.txt")
WORDS = (
    "key=dead1", "key=beef", 'KEY: "abcd"', "tok_ab12", "bbcc", "abc", "zed\n", "id: foo",
    "pw=test1", "pass=77", "start", "end", " xRy", "éabc", "foo", "kas", "KsS", "\u212aas", "abcQ",
    "qaqz", "qz", "\n", "\n\n", " ", "dead", "x1", "\tend", "qaaQ", "\u017f", "\r\n",
)  # fmt: skip


class Drawer:
    """Draws configurations and texts."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - test data

    def _often(self, share: float) -> bool:
        return self._chance.random() < share

    def _some(self, things: tuple[str, ...], most: int = 2) -> list[str]:
        return self._chance.sample(things, self._chance.randint(1, most))

    def configuration(self) -> str:
        """A configuration with up to four rules."""
        ids = tuple(self._some(("one", "two", "generic-x", "four", "Five 5"), 4))
        parts = [self._rule(id_, ids) for id_ in ids]
        parts += [self._allow("allowlists", ids) for _ in range(self._chance.choice((0, 0, 1, 2)))]
        return "".join(parts)

    def _rule(self, id_: str, ids: tuple[str, ...]) -> str:
        chance = self._chance
        text = f'[[rules]]\nid = "{id_}"\n'
        has_regex = self._often(0.9)
        if has_regex:
            text += f"regex = '''{chance.choice(REGEXES)}'''\n"
        if not has_regex or self._often(0.2):
            text += f"path = '''{chance.choice(PATHS)}'''\n"
        if self._often(0.3):
            text += f"entropy = {chance.choice((0.5, 1, 1.5, 2, 2.5, 3))}\n"
        if has_regex and self._often(0.15):
            text += "secretGroup = 1\n"
        if self._often(0.6):
            text += f"keywords = {json.dumps(self._some(KEYWORDS, 3))}\n"
        if self._often(0.15):
            text += "skipReport = true\n"
        if self._often(0.3):
            text += f'[[rules.required]]\nid = "{chance.choice(ids)}"\n'
            text += f"withinLines = {chance.randint(0, 3)}\n" if self._often(0.5) else ""
            text += f"withinColumns = {chance.randint(0, 6)}\n" if self._often(0.3) else ""
        lists = chance.choice((0, 0, 1, 2))
        return text + "".join(self._allow("rules.allowlists", ()) for _ in range(lists))

    def _allow(self, name: str, targets: tuple[str, ...]) -> str:
        keys: dict[str, Any] = {"stopwords": self._some(STOPWORDS)} if self._often(0.5) else {}
        if self._often(0.5) or not keys:
            keys["regexes"] = self._some(ALLOWED)
        if not (targets and self._often(0.5)):
            keys["condition"] = self._chance.choice(("AND", "OR", "and", "||", "&&"))
        if self._often(0.3) and not (targets and "condition" in keys):
            keys["paths"] = self._some(PATHS[:5], 1)
        if self._often(0.5):
            keys["regexTarget"] = self._chance.choice(("match", "line", "secret"))
        if targets and self._often(0.4):
            keys["targetRules"] = [self._chance.choice(targets)]
        return f"[[{name}]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in keys.items())

    def files(self) -> dict[str, str]:
        """Two files with texts that the rules may match."""
        return {name: self._text() for name in self._chance.sample(FILES, 2)}

    def _text(self) -> str:
        count = self._chance.randint(3, 40)
        ends = ("", " ", "\n", ";")
        words = (self._chance.choice(WORDS) + self._chance.choice(ends) for _ in range(count))
        return "".join(words) + "\n"


def answer(program: str, configuration: str, files: dict[str, str]) -> list[list[str]] | None:
    """What gitleaks finds: file, rule and value; ``None`` where it refuses the configuration."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "c.toml").write_text(configuration)
        for name, text in files.items():
            path = root / "t" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        done = subprocess.run(
            [program, "dir", ".", "-c", "../c.toml", "--max-decode-depth", "0", "--no-banner",
             "--exit-code", "7", "-f", "json", "-r", "../r.json", "--log-level", "error"],
            cwd=root / "t", check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode not in (0, 7):
            return None
        rows = json.loads((root / "r.json").read_text()) or []
    return sorted(
        [row["File"], row["RuleID"], row["Secret"]]
        for row in rows
        if row["Secret"] or not row["StartLine"]
    )


def main() -> int:
    """Write the cases; of those without findings one in nine is kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program")
    options.add_argument("--cases", type=int, default=120)
    options.add_argument("--seed", type=int, default=2)
    chosen = options.parse_args()
    drawer = Drawer(chosen.seed)
    rows: list[str] = []
    while len(rows) < chosen.cases:
        configuration, files = drawer.configuration(), drawer.files()
        found = answer(chosen.program, configuration, files)
        if found is None or (not found and len(rows) % 9):
            continue
        case = {"configuration": configuration, "files": files, "findings": found}
        rows.append(json.dumps(case, sort_keys=True) + "\n")
    OUTPUT.write_text("".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
