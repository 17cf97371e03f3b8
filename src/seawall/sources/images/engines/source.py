"""A local engine as a source of images (``target.ImageSource``): archives, read as files are."""

from seawall.core.image_reference import is_valid_image
from seawall.sources.images import archive, layout, target
from seawall.sources.images.engines import images as held_images
from seawall.sources.images.engines.errors import EngineError
from seawall.sources.images.engines.images import path_of, save
from seawall.sources.images.engines.places import USUAL, Engine
from seawall.sources.images.image import Image
from seawall.sources.images.platforms import Platform
from seawall.sources.images.stores import TarFiles


class EngineSource:
    """One engine. What is not named but only looked for may be missing or closed to us."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.prefix = engine.kind
        self.title = f"{engine.kind} ({engine.path or engine.address})"

    def find(self, reference: str, platform: Platform | None) -> Image | None:
        """See ``ImageSource``."""
        if not is_valid_image(reference) and not held_images.is_identity(reference):
            return None
        try:
            held = held_images.find(self._engine, reference, platform)
        except EngineError as error:
            if self._engine.source != USUAL or error.kind not in ("unreachable", "denied"):
                raise
            self.title = str(error)
            return None
        if held is None:
            return None
        with save(held, reference, platform) as spool:
            path = path_of(spool)
            is_layout = target.recognise(path) == target.OCI_ARCHIVE
            files = TarFiles(path)
        files.name = reference
        read = layout.read_layout if is_layout else archive.read_archive
        image = read(files, reference, "", platform)
        digests = (each.partition("@")[2] for each in held.digests)
        return image._replace(
            problems=(*image.problems, *files.problems),
            tags=tuple(dict.fromkeys((*image.tags, *held.tags))),
            digests=tuple(dict.fromkeys((*image.digests, *digests))),
        )
