"""Makes YAML of every kind at random: block and flow, anchors, merges, quotes, comments."""

from random import Random

PLAIN = (
    "a b name kind x-y yes 12 0x1f 1.5 ~ null on foo:bar true 2020-01-01 08 1e3 é 😀 = "
    "http://h:80/p -x 1_000 .5 <<"
).split()
QUOTED = (
    "''", "'it''s'", "'a b'", "'x: y'", "'# no'", '"a\\nb"', '"\\u00e9"', '"\\x41"', '""',
    '"a\\\\b"', '"tab\\t"', '"a\\\n   b"',
)  # fmt: skip
TAGGED = (
    "!!str 12", "!!str yes", "!!int 12", "!!int 0x10", "!!float 12", "!!float 1.5", "!local 12",
    "!local v", "!!binary aGk=", "!!bool on",
)  # fmt: skip
KEYS = ("a", "b", "c", "d", "name", "spec", "x1", "12", "yes", "1.5", "k-1", '"q"', '"a b"', "'k'")
BLOCK_HEADERS = ("|", "|-", "|+", ">", ">-")
BLOCK_LINES = ("text: x", "  more", "# no comment", "", "- item")
COMMENTS = ("",) * 8 + ("  # c: [x",)


class Writer:
    """Writes one document; remembers anchors so that every alias has one."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.anchors: list[str] = []
        self.mappings: list[str] = []
        self.count = 0

    def document(self) -> str:
        """A document; now and then with other line ends or a marker line."""
        if self.chance(0.8):
            text = self.mapping(3, 0)
        else:
            text = "".join("-" + self.item(3, 2) for _ in range(3))
        if self.chance(0.2):
            text = text.replace("\n", "\r\n")
        elif self.chance(0.05):
            text = text.replace("\n", "\r")
        return "--- # x\n" + text if self.chance(0.1) else text

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, *items: str) -> str:
        return self.random.choice(items)

    def anchor(self) -> str:
        """Perhaps an anchor, to be completed when its value is written."""
        if not self.chance(0.15):
            return ""
        self.count += 1
        return f"&{self.pick('a', 'b') if self.chance(0.3) else f'n{self.count}'} "

    def complete(self, anchor: str, *, mapping: bool) -> None:
        name = anchor[1:-1]
        if name:
            self.anchors.append(name)
            self.mappings = [item for item in self.mappings if item != name]
            if mapping:
                self.mappings.append(name)

    def scalar(self) -> str:
        anchor = self.anchor()
        self.complete(anchor, mapping=False)
        return anchor + self.random.choice(self.random.choice((PLAIN, PLAIN, QUOTED, TAGGED)))

    def merge(self) -> str:
        one, two = self.random.choice(self.mappings), self.random.choice(self.mappings)
        return self.pick(
            f"<<: *{one} ", f"<<: [*{one} , *{two} ]", "<<: {z: 1, a: 2}", f"<<: [{{a: 3}}, *{two} ]",
            "'<<': 3",
        )  # fmt: skip

    def flow(self, depth: int) -> str:
        if self.anchors and self.chance(0.12):
            return f"*{self.random.choice(self.anchors)} "
        if depth <= 0 or self.chance(0.4):
            return self.scalar()
        anchor = self.anchor()
        mapping = self.chance(0.5)
        if mapping:
            entries = [
                self.merge()
                if self.mappings and self.chance(0.15)
                else f"{self.random.choice(KEYS)}: {self.flow(depth - 1)}"
                for _ in range(self.random.randint(0, 3))
            ]
            text = f"{{{', '.join(entries)}}}"
        else:
            items = [self.flow(depth - 1) for _ in range(self.random.randint(0, 3))]
            text = f"[{', '.join(items)}]"
        self.complete(anchor, mapping=mapping)
        return anchor + text

    def block(self, depth: int, indent: int) -> str:
        """What stands behind ``key:`` or ``-``, its line end included."""
        comment = self.random.choice(COMMENTS)
        if self.anchors and self.chance(0.12):
            return f" *{self.random.choice(self.anchors)}{comment}\n"
        form = self.random.random()
        if depth <= 0 or form < 0.3:
            return f" {self.scalar()}{comment}\n"
        if form < 0.36:
            return f"{comment}\n"
        if form < 0.46:
            return self.lines(indent)
        if form < 0.56:
            return f" {self.flow(depth - 1)}{comment}\n"
        anchor = self.anchor()
        start = f" {anchor}".rstrip() + f"{comment}\n"
        mapping = self.chance(0.5)
        if mapping:
            text = self.mapping(depth - 1, indent)
        else:
            items = [self.item(depth - 1, indent + 2) for _ in range(self.random.randint(1, 3))]
            text = "".join(f"{' ' * indent}-{item}" for item in items)
        self.complete(anchor, mapping=mapping)
        return start + text

    def lines(self, indent: int) -> str:
        """A scalar over several lines."""
        anchor = self.anchor()
        self.complete(anchor, mapping=False)
        blanks = " " * indent
        form = self.random.randint(0, 2)
        if form == 0:
            body = [blanks + "first", *(blanks + self.pick(*BLOCK_LINES) for _ in range(2))]
            text = "\n".join([self.pick(*BLOCK_HEADERS), *(line.rstrip() for line in body)])
        elif form == 1:
            text = f"first\n{blanks}second"
        else:
            text = f'"first\n\n{blanks}second"'
        return f" {anchor}{text}\n"

    def item(self, depth: int, indent: int) -> str:
        if depth > 0 and self.chance(0.35):
            return " " + self.mapping(depth - 1, indent)[indent:]
        if depth > 0 and self.chance(0.1):
            return " -" + self.item(depth - 1, indent + 2)
        return self.block(depth, indent)

    def mapping(self, depth: int, indent: int) -> str:
        blanks = " " * indent
        text = ""
        for _ in range(self.random.randint(1, 4)):
            if self.mappings and self.chance(0.15):
                text += f"{blanks}{self.merge()}\n"
            elif self.chance(0.05):
                key = self.pick("? ck", "? 'q q'", "? *k" if "k" in self.anchors else "? d")
                text += f"{blanks}{key}\n{blanks}:{self.block(depth, indent + 1)}"
            else:
                anchor = self.pick(*[""] * 20, "&k ")
                self.complete(anchor, mapping=False)
                key = f"{anchor}{self.random.choice(KEYS)}"
                text += f"{blanks}{key}:{self.block(depth, indent + self.random.choice((1, 2, 4)))}"
            text += self.pick(*[""] * 20, "\n", "# comment\n", f"{blanks}  # c\n")
        return text


def document(seed: int) -> str:
    """One document; the same seed gives the same text."""
    return Writer(Random(seed)).document()
