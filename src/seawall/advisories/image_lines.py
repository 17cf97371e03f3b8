"""Release lines of official container images: of which product, and which line a tag is of.

Whether a line is over is asked of the database, as for all runtimes. To open it costs a scan of one
Dockerfile a fifth of its time, so the lines that are known to live on are told from here.
"""

from seawall.core.lazy import pattern

_PRODUCTS = {
    "almalinux": "almalinux", "alpine": "alpine-linux", "amazonlinux": "amazon-linux",
    "centos": "centos", "debian": "debian", "elixir": "elixir", "erlang": "erlang",
    "fedora": "fedora", "golang": "go", "node": "nodejs", "oraclelinux": "oracle-linux",
    "perl": "perl", "php": "php", "postgres": "postgresql", "python": "python",
    "rockylinux": "rocky-linux", "ruby": "ruby", "ubuntu": "ubuntu",
}  # fmt: skip
"""Docker's official images, and what endoflife.date calls them."""
_CODENAMES = {
    "bullseye": "11", "bookworm": "12", "trixie": "13", "focal": "20.04", "jammy": "22.04",
    "noble": "24.04", "resolute": "26.04",
}  # fmt: skip
_LIVING = {
    "almalinux": {"8": "2029-05", "9": "2032-05", "10": "2035-05"},
    "alpine-linux": {"3.22": "2027-05", "3.23": "2027-11", "3.24": "2028-06"},
    "amazon-linux": {"2023": "2029-06"},
    "debian": {"12": "2028-06", "13": "2030-06"},
    "erlang": {"27": "2027-05", "28": "2028-05", "29": "2029-05"},
    "fedora": {"44": "2027-06"},
    "go": {"1.26": "2027-02", "1.27": "2027-08"},
    "nodejs": {"22": "2027-04", "24": "2028-04", "26": "2029-04"},
    "oracle-linux": {"8": "2029-07", "9": "2032-06"},
    "perl": {"5.40": "2027-06", "5.42": "2028-07", "5.44": "2029-07"},
    "php": {"8.2": "2026-12", "8.3": "2027-12", "8.4": "2028-12", "8.5": "2029-12"},
    "postgresql": {"15": "2027-11", "16": "2028-11", "17": "2029-11", "18": "2030-11"},
    "python": {"3.11": "2027-10", "3.12": "2028-10", "3.13": "2029-10", "3.14": "2030-10"},
    "rocky-linux": {"8": "2029-05", "9": "2032-05", "10": "2035-05"},
    "ruby": {"3.3": "2027-03", "3.4": "2028-03", "4.0": "2029-03"},
    "ubuntu": {"22.04": "2027-04", "24.04": "2029-05", "26.04": "2031-04"},
}
"""By product, the lines with support and the month of its end: the database says no earlier one."""
_WITH_ADVISORIES = frozenset(("go", "nodejs", "python", "ruby"))
_NUMBERS = pattern(r"(\d+(?:\.\d+)*)(?:-.*)?")


def line_of(image: str, tag: str) -> tuple[str, str]:
    """The product of an official image and the version that its tag names; empty where none is."""
    product = _PRODUCTS.get(image, "")
    found = _NUMBERS.fullmatch(tag)
    version = found[1] if found is not None else _CODENAMES.get(tag.partition("-")[0], "")
    return (product, version) if product and version else ("", "")


def runtime_of(image: str, tag: str) -> tuple[str, str]:
    """The runtime with advisories of its own that an official image holds, and its version.

    Empty where there is none, or the tag names a line of releases only.
    """
    product, version = line_of(image, tag)
    is_one = product in _WITH_ADVISORIES and version.count(".") > 1
    return (product, version) if is_one else ("", "")


def may_be_over(image: str, tag: str, today: str) -> bool:
    """Whether the database is to be asked about an image on a day, ``2026-11-26``."""
    product, version = line_of(image, tag)
    if not product:
        return False
    numbers = version.split(".")
    for line, month in _LIVING.get(product, {}).items():
        if numbers[: line.count(".") + 1] == line.split("."):
            return today[:7] >= month
    return True
