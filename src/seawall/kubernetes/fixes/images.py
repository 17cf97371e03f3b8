"""Fixes of how images are named and pulled."""

from seawall.core.edit import Safety
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, put, repair
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context
from seawall.text.values import text


@mends("image-pull-policy")
def set_pull_policy(container: Container, hit: Hit, context: Context) -> Repairs:
    """Always for a tag that moves, IfNotPresent for an image that does not."""
    image = container.image
    if image is None:
        return
    policy = "IfNotPresent" if image.digest else "Always"
    yield repair(
        container,
        f"Pull its image {'once' if image.digest else 'at each start'}",
        put(container, ("imagePullPolicy",), policy),
    )


@mends("image-not-pinned-by-digest", "image-tag-mutable")
def pin_image(container: Container, hit: Hit, context: Context) -> Repairs:
    """The digest that the lock file has for the reference; the tag stays, for people."""
    image = container.image
    if image is None or image.digest:
        return
    digest = context.pins.get(f"{image.registry}/{image.repository}:{image.tag or 'latest'}")
    if digest:
        yield repair(
            container,
            "Pin its image to the digest of the lock file",
            put(container, ("image",), f"{text(container.value, 'image').strip()}@{digest}"),
            safety=Safety.LOCK,
        )
