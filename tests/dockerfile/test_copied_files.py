"""What rules learn from the files of the context that COPY and ADD put into the image."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.edit import Safety
from seawall.dockerfile.copied_files import may_be_unpacked
from tests.dockerfile.support import apply, judge


def packed(form: int = tarfile.USTAR_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        info = tarfile.TarInfo("größe")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    return stream.getvalue()


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


OLD = bytearray(packed())
OLD[257:265] = bytes(8)  # the mark of ustar: archives of 1979 have none
OLD[148:156] = b"        "
OLD[148:156] = b"%06o\0 " % sum(OLD[:512])


@pytest.mark.parametrize(
    "data",
    [
        packed(), packed(tarfile.GNU_FORMAT), packed(tarfile.PAX_FORMAT), bytes(OLD),
        gzip.compress(packed()), bz2.compress(packed()), lzma.compress(packed()),
        bytes.fromhex("28b52ffd24"),
    ],
)  # fmt: skip
def test_archives_are_known_by_what_is_in_them(data: bytes) -> None:
    assert may_be_unpacked(text_of(data))
    added = "FROM debian:12\nADD figures.txt /data/\n"
    assert not judge("add-instead-of-copy", added, texts={"figures.txt": text_of(data)})


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", bytes(512), b"a" * 2000, packed()[:500]])
def test_other_files_are_copied(data: bytes) -> None:
    assert not may_be_unpacked(text_of(data))
    added = "FROM debian:12\nADD program /bin/\n"
    (found,) = judge("add-instead-of-copy", added, texts={"program": text_of(data)})
    assert found.fixes[0].safety is Safety.SAFE
    assert apply(added, found.fixes) == added.replace("ADD", "COPY")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=600))
def test_any_text_is_looked_at(text: str) -> None:
    may_be_unpacked(text)


@given(st.binary(min_size=512, max_size=600))
def test_any_bytes_are_looked_at(data: bytes) -> None:
    may_be_unpacked(text_of(data))


def test_one_archive_among_the_sources_leaves_add_as_it_is() -> None:
    text = "FROM debian:12\nADD a b /data/\n"
    (found,) = judge("add-instead-of-copy", text, texts={"a": "x", "b": text_of(packed())})
    assert not found.fixes


@pytest.mark.parametrize(
    ("command", "files", "after"),
    [
        ("CMD /run now", {"run": "echo"}, 'CMD ["/bin/sh", "-c", "exec /run now"]'),
        ("CMD ./run", {"run": "echo"}, 'CMD ["/bin/sh", "-c", "exec ./run"]'),
        ("CMD /run now", {"run": "#!/bin/sh\necho"}, 'CMD ["/run", "now"]'),
        ("CMD /run now", {"run": "\x7fELF"}, 'CMD ["/run", "now"]'),
        ("CMD run", {"run": "echo"}, 'CMD ["run"]'),  # another one: / is not in PATH
        ("COPY say /usr/bin/\nCMD say", {"say": "echo"}, 'CMD ["/bin/sh", "-c", "exec say"]'),
        ("ENV PATH=/opt\nCOPY say /opt/\nCMD say", {"say": "a"},
         'CMD ["/bin/sh", "-c", "exec say"]'),
        ("CMD /other", {"run": "echo"}, 'CMD ["/other"]'),
    ],
)  # fmt: skip
def test_a_script_without_an_interpreter_needs_its_shell(
    command: str, files: dict[str, str], after: str
) -> None:
    text = f"FROM debian:12\nCOPY run /\n{command}\n"
    fixes = [fix for finding in judge("cmd-exec-form", text, texts=files) for fix in finding.fixes]
    assert apply(text, fixes).splitlines()[-1] == after
    wraps = "/bin/sh" in after
    assert [fix.safety for fix in fixes] == [Safety.UNSAFE if wraps else Safety.SAFE]


@pytest.mark.parametrize(
    ("script", "safety"),
    [
        ("apt-get install -y bc", Safety.UNSAFE),
        ("./other.sh", Safety.UNSAFE),
        ("make install", Safety.SAFE),
    ],
)
def test_lists_stay_for_a_script_that_may_install(script: str, safety: Safety) -> None:
    text = "FROM debian:12\nRUN apt-get update\nCOPY more.sh /\nRUN sh /more.sh\n"
    (found,) = judge("apt-lists-left", text, texts={"more.sh": script})
    assert found.fixes[0].safety is safety
