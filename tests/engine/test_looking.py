"""What is wanted of a layer's files: the quick look at names leaves nothing out."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.containers.looking import Look
from seawall.images import credential_files
from seawall.images.notable import ACCOUNTS, wants_text
from seawall.packages import image_formats
from seawall.packages.image_formats import IMAGE_FORMATS, image_format_of, uncovered_of
from seawall.sources.images.entry import FILE, Entry

_NAMES = sorted({
    *image_formats.KNOWN_NAMES, *credential_files.KNOWN_NAMES, *ACCOUNTS, "ssh_host_rsa_key", "x",
    ".env.production", ".env.example", "server.pem", "a.so.1", "status.d", "base", "0001",
    *(f"a{mark}{end}" for end in (*image_formats.KNOWN_ENDS, *credential_files.KNOWN_ENDS)
      for mark in (".", "")),
})  # fmt: skip
_DIRECTORIES = sorted({
    "var/lib/dpkg/status.d", "var/lib/dpkg/updates", "var/lib/dpkg/info", "node_modules", "a",
    "node_modules/@scope", "a.dist-info", "a.egg-info", "EGG-INFO", "specifications", "conda-meta",
    "composer", ".aws", ".docker", ".kube", ".ssh", "etc", "usr/share/doc/a", "proc",
    *(path.rpartition("/")[0] for path in (*image_formats._PATHS, *image_formats._UNCOVERED)),
    *(start for start in ("var/lib/pacman/local/a-1", "var/db/pkg/a/b-1", "root/buildinfo")),
})  # fmt: skip
_BESIDE = {path.rpartition("/")[2] for format_ in IMAGE_FORMATS for path in format_.beside}
_paths = st.tuples(
    st.lists(st.sampled_from(_DIRECTORIES), max_size=3),
    st.one_of(st.sampled_from(_NAMES), st.text("ab.-_", min_size=1, max_size=6)),
).map(lambda parts: "/".join((*parts[0], parts[1])))


@given(_paths, st.sampled_from((0, 4, 100)))
def test_no_file_that_means_something_is_passed_over(path: str, size: int) -> None:
    look = Look(packages=True, texts=True)
    entry = Entry(path, FILE, 0o644, 0, 0, size, 0, "", 0)
    wanted = look.wants(entry)
    name = path.rpartition("/")[2]
    if image_format_of(path) is not None and size:
        assert wanted == size or wants_text(path)
    elif wants_text(path) or name in _BESIDE:
        assert wanted or image_format_of(path) is not None
    elif uncovered_of(path):
        assert bool(look.uncovered) == bool(size)


def test_programs_are_looked_at_whatever_they_are_called() -> None:
    look = Look(packages=True, texts=True)
    for path, mode, wanted in (
        ("usr/bin/app", 0o755, 8), ("opt/app.json", 0o755, 8), ("lib/liba.so", 0o644, 8),
        ("lib/liba.so.1.2", 0o644, 8), ("srv/a.node", 0o644, 8), ("srv/a.dll", 0o644, 8),
        ("srv/a.txt", 0o644, 0), ("usr/bin/app", 0o644, 0),
    ):  # fmt: skip
        assert look.wants(Entry(path, FILE, mode, 0, 0, 100, 0, "", 0)) == wanted, path
