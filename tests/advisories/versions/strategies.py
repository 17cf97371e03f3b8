"""Versions such as people write, and such as nobody should."""

from hypothesis import strategies as st

_NUMBER = st.sampled_from(["0", "1", "2", "9", "10", "00", "01", "100", "20240102"])
_WORD = st.sampled_from(
    "a b m x alpha beta rc cr pre dev snapshot final ga release sp foo Foo jre post p git".split()
)


def joined(parts: st.SearchStrategy[str], separators: str, most: int = 5) -> st.SearchStrategy[str]:
    """Parts with a separator before each but the first."""
    rest = st.lists(st.tuples(st.sampled_from([*separators, ""]), parts), max_size=most)
    return st.builds(lambda first, more: first + "".join(a + b for a, b in more), parts, rest)


NUMBERS = st.lists(_NUMBER, min_size=1, max_size=5).map(".".join)
_IDENTIFIER = st.sampled_from(["0", "1", "9", "10", "alpha", "beta", "rc", "x1", "A", "a-b"])
_IDENTIFIERS = st.lists(_IDENTIFIER, min_size=1, max_size=3).map(".".join)
SEMVER = st.builds(
    lambda numbers, pre, build: ".".join(numbers) + pre + build,
    st.lists(_NUMBER, min_size=3, max_size=3),
    st.just("") | _IDENTIFIERS.map("-{}".format),
    st.just("") | _IDENTIFIERS.map("+{}".format),
)
MIXED = joined(_NUMBER | _WORD, ".-")
MAVEN = st.builds("{}{}".format, _NUMBER, st.just("") | MIXED.map("-{}".format) | MIXED)
GEM = st.builds(
    "{}{}".format, _NUMBER, st.just("") | joined(_NUMBER | _WORD, ".-").map(".{}".format)
)
_DEBIAN_PART = joined(_NUMBER | _WORD | st.just("~"), ".+~")
DEBIAN = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "0:", "1:", "02:"]),
    _NUMBER,
    _DEBIAN_PART,
    st.just("") | _DEBIAN_PART.map("-{}".format),
)
_RPM_PART = joined(_NUMBER | _WORD | st.sampled_from("~^"), "._+~^")
RPM = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "0:", "1:", "02:"]),
    _RPM_PART,
    st.just("") | _RPM_PART.map("-{}".format),
)
_APK_SUFFIX = st.builds(
    "_{}{}".format,
    st.sampled_from("alpha beta pre rc cvs svn git hg p".split()),
    st.just("") | _NUMBER,
)
APK = st.builds(
    "{}{}{}{}{}".format,
    NUMBERS,
    st.sampled_from(["", "", "a", "b", "z"]),
    st.lists(_APK_SUFFIX, max_size=2).map("".join),
    st.sampled_from(["", "", "~ab12", "~ab"]),
    st.just("") | _NUMBER.map("-r{}".format),
)
PYTHON = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "v", "1!"]),
    NUMBERS,
    st.sampled_from(["", "", "a1", "b", "rc2", ".alpha.3", "-c1", "_pre4"]),
    st.sampled_from(["", "", ".post1", "-2", "r3", ".rev"]),
    st.sampled_from(["", "", ".dev1", "dev", "-dev3"]),
    st.sampled_from(["", "", "+ubuntu.1", "+1", "+a.b", "+10-x"]),
)
COMPOSER = st.builds(
    "{}{}{}".format,
    st.lists(st.sampled_from(["0", "1", "2", "10", "01", "99999"]), min_size=1, max_size=4).map(
        ".".join
    ),
    st.sampled_from(["", "", "-beta", "-alpha.1", "RC2", "-p1", "pl2", "b2", "-stable", "+b"]),
    st.sampled_from(["", "", "-dev"]),
)
ANY = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.-+~_^:!*vabrcx |<>=[](),\0\n", max_size=40),
    MIXED,
    DEBIAN,
    RPM,
    APK,
    PYTHON,
    COMPOSER,
)
