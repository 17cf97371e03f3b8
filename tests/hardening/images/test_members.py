"""One layer out of many: whatever the layers were, the file system is the same."""

import io
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.sources.images.editing import Edited, members
from seawall.sources.images.entry import Entry, Kind
from seawall.sources.images.image import Config, Image, Layer
from seawall.sources.images.layer_writing import write_layer
from seawall.sources.images.merging import merge
from seawall.sources.images.platforms import Platform
from seawall.sources.images.stores import opened
from seawall.sources.images.tar_writer import TarWriter
from tests.hardening.images.made import held, layers_of

NAMES = ("a", "b", "c")
CLOCK = 1000
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, bytes]:
    kind = draw(st.sampled_from("fffddlhwodp"))
    path = draw(PATHS)
    above, slash, name = path.rpartition("/")
    mode = draw(st.sampled_from((0o644, 0o755, 0o4755, 0o1777)))
    mtime = draw(st.integers(0, CLOCK))
    owner = draw(st.sampled_from(((0, 0), (1000, 3_000_000))))
    data = draw(st.binary(max_size=3)) if kind == "f" else b""
    link = draw(PATHS) if kind in "lh" else ""
    if kind == "l":
        link = draw(st.sampled_from((link, f"/{link}", f"../{link}")))
    if kind == "w":
        path = f"{above}{slash}.wh.{name}"
    elif kind == "o":
        path += "/.wh..wh..opq"
    number = {
        "f": Kind.FILE, "d": Kind.DIRECTORY, "l": Kind.SYMLINK, "h": Kind.HARD_LINK,
        "w": Kind.FILE, "o": Kind.FILE, "p": Kind.BLOCK_DEVICE,
    }[kind]  # fmt: skip
    device = (7, draw(st.integers(0, 300))) if kind == "p" else (0, 0)
    capability = draw(st.sampled_from((b"", b"\1\0\n="))) if kind == "f" else b""
    attributes = draw(st.sampled_from(((), (("user.a", b"\0b"),)))) if kind == "f" else ()
    return (
        Entry(
            path, number, mode, *owner, len(data), mtime, link, -1, capability, device, attributes
        ),
        data,
    )


LAYERS = st.lists(st.lists(entries(), max_size=8), min_size=1, max_size=4)


def written(found: list[tuple[Entry, bytes]]) -> bytes:
    out = io.BytesIO()
    tar = TarWriter(out.write)
    for entry, data in found:
        tar.add(entry, (data,) if data else ())
    tar.close()
    return out.getvalue()


def image_of(directory: Path, tars: list[bytes]) -> Image:
    layers = []
    for number, data in enumerate(tars):
        path = directory / f"{number}.tar"
        path.write_bytes(data)

        def open_again(path: Path = path) -> object:
            file = opened(str(path))
            return file.part(0, file.size)

        layers.append(Layer(number, "", "", "", len(data), open=open_again))  # type: ignore[arg-type]
    return Image("made", "", "", "", Platform("linux", "amd64"), Config({}), tuple(layers))


@settings(deadline=None)
@given(LAYERS, st.data())
def test_a_layer_on_kept_ones_makes_the_same_file_system(
    stack: list[list[tuple[Entry, bytes]]], data: st.DataObject
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        tars = [written(layer) for layer in stack]
        kept = data.draw(st.integers(0, len(tars)))
        image = image_of(directory, tars)
        layers, contents = layers_of(image)
        wanted = held(merge(layers), contents)
        lower = merge(layers[:kept]) if kept else None
        found = members(Edited(merge(layers)), lower, CLOCK)
        out = io.BytesIO()
        packed, left_out = write_layer(image, found, out.write, "none")
        assert not left_out
        assert packed.unpacked_size == len(out.getvalue())
        (directory / "made").mkdir()
        made = image_of(directory / "made", [*tars[:kept], out.getvalue()])
        again, contents = layers_of(made)
        assert held(merge(again), contents) == wanted
        paths = [entry.path for entry in again[-1]]
        assert len(paths) == len(set(paths))


@settings(deadline=None, max_examples=50)
@given(LAYERS)
def test_squashed_layers_are_the_same_bytes_however_they_were_cut(
    stack: list[list[tuple[Entry, bytes]]],
) -> None:
    """Squashing what was squashed changes nothing."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        image = image_of(directory, [written(layer) for layer in stack])
        once = _squashed(image)
        (directory / "again").mkdir()
        assert _squashed(image_of(directory / "again", [once])) == once


def _squashed(image: Image) -> bytes:
    layers, _ = layers_of(image)
    out = io.BytesIO()
    write_layer(image, members(Edited(merge(layers)), None, CLOCK), out.write, "none")
    return out.getvalue()
