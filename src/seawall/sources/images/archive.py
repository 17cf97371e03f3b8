"""Docker archives: what ``docker save`` and its likes write, with ``manifest.json``.

Docker's image spec v1.2, "Combined Image JSON + Filesystem Changeset Format"; before v1.10 there
was only ``repositories`` and a chain of directories, each with ``json`` and ``layer.tar`` (v1.0).
"""

from collections.abc import Iterable

from seawall.sources.images import documents
from seawall.sources.images.image import (
    Config,
    Image,
    Json,
    Layer,
    aligned,
    mapping,
    text,
    texts,
)
from seawall.sources.images.limits import DEFAULT
from seawall.sources.images.platforms import Platform, runs
from seawall.sources.images.problems import AGAIN, NO_IMAGE, ArchiveError
from seawall.sources.images.stores import Files, Opener, read_file

MANIFEST = "manifest.json"
REPOSITORIES = "repositories"
_LAYERS = 1000


def read_archive(files: Files, name: str, tag: str = "", platform: Platform | None = None) -> Image:
    """The image of an archive that bears a tag (``REPOSITORY:TAG``, ``@NUMBER``), or the only one.

    Raises ``ArchiveError`` when there is no such image, or what describes it is broken.
    """
    data = read_file(files, MANIFEST, DEFAULT.document)
    if data is None:
        return _read_legacy(files, name, tag, platform)
    found = documents.parse_any(f"{name}: {MANIFEST}", data)
    rows = [mapping(each) for each in found] if isinstance(found, list) else []
    row = _chosen(name, rows, tag)
    config_path = text(row.get("Config"))
    config_data = read_file(files, config_path, DEFAULT.document)
    if config_data is None:
        raise ArchiveError(f"{name}: {config_path}", -1, "is missing", AGAIN)
    config = Config(documents.parse(f"{name}: {config_path}", config_data))
    layers = [
        _layer(files, number, path)
        for number, path in enumerate(_bounded(name, texts(row.get("Layers"))))
    ]
    return _image(name, config, config_data, layers, texts(row.get("RepoTags")), platform)


def _chosen(name: str, rows: list[Json], tag: str) -> Json:
    if not rows:
        raise ArchiveError(f"{name}: {MANIFEST}", -1, "it holds no image", "name something else")
    if tag:
        for number, row in enumerate(rows):
            tags = texts(row.get("RepoTags"))
            if tag == f"@{number}" or any(
                tag == each or each.endswith((f"/{tag}", f":{tag}")) for each in tags
            ):
                return row
    elif len(rows) == 1:
        return rows[0]
    there = ", ".join(
        next(iter(texts(row.get("RepoTags"))), f"@{number}") for number, row in enumerate(rows)
    )
    what = f"it has no image {tag}" if tag else "it holds several images"
    raise ArchiveError(name, -1, what, f"name one of {there} behind a colon")


def _bounded(name: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    if len(paths) > _LAYERS:
        raise ArchiveError(name, -1, f"it has {len(paths)} layers, more than {_LAYERS}", NO_IMAGE)
    return paths


def _layer(files: Files, number: int, path: str) -> Layer:
    found = files.open(path)
    if found is None:
        return Layer(number, "", "", "", -1)
    found[0].close()
    return Layer(number, "", "", "", found[1], open=Opener(files, path))


def _image(
    name: str, config: Config, data: bytes, layers: list[Layer], tags: Iterable[str],
    platform: Platform | None,
) -> Image:  # fmt: skip
    import hashlib  # noqa: PLC0415 - off the scan path

    found, problems = aligned(layers, config)
    if platform is not None and not runs(platform, config.platform):
        raise ArchiveError(
            name, -1, f"it has no image for {platform}, only for {config.platform}",
            "choose one with --platform",
        )  # fmt: skip
    tags = tuple(tags)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Image(
        name, tags[0] if tags else "", "", digest, config.platform, config, found, {}, tags, (),
        (), problems,
    )  # fmt: skip


def _read_legacy(files: Files, name: str, tag: str, platform: Platform | None) -> Image:
    data = read_file(files, REPOSITORIES, DEFAULT.document)
    if data is None:
        raise ArchiveError(name, -1, f"it has neither {MANIFEST} nor {REPOSITORIES}", NO_IMAGE)
    named = [
        (f"{repository}:{each}", text(top))
        for repository, tags in documents.parse(f"{name}: {REPOSITORIES}", data).items()
        for each, top in mapping(tags).items()
    ]
    tops = [row for row in named if not tag or row[0] == tag or row[0].endswith(f":{tag}")]
    if len({top for _, top in tops}) != 1:
        there = ", ".join(sorted(reference for reference, _ in named)) or "none"
        what = "it holds several images" if tops else f"it has no image {tag}".rstrip()
        raise ArchiveError(name, -1, what, f"name one of {there} behind a colon")
    chain: list[tuple[str, Json, bytes]] = []
    image_id = tops[0][1]
    while image_id:
        path = f"{image_id}/json"
        found = read_file(files, path, DEFAULT.document)
        if found is None:
            raise ArchiveError(f"{name}: {path}", -1, "is missing", AGAIN)
        document = documents.parse(f"{name}: {path}", found)
        if len(chain) >= _LAYERS or any(image_id == known for known, _, _ in chain):
            raise ArchiveError(f"{name}: {path}", -1, "its chain of parents has no end", AGAIN)
        chain.append((image_id, document, found))
        image_id = text(document.get("parent"))
    chain.reverse()
    layers = [
        _layer(files, number, f"{each}/layer.tar")._replace(
            created=text(document.get("created")),
            created_by=" ".join(texts(mapping(document.get("container_config")).get("Cmd"))),
        )
        for number, (each, document, _) in enumerate(chain)
    ]
    _, top, top_data = chain[-1]
    image = _image(name, Config(top), top_data, layers, (row[0] for row in tops), platform)
    # Of this format nothing tells DiffIDs: that they are missing is no fault.
    return image._replace(layers=tuple(layers), problems=())
