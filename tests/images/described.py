"""Images as the examples of the rules describe them: a configuration, layers and files in YAML."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import yaml

from seawall.images import accounts
from seawall.images.facts import Configuration, File, Hidden, Image, Layer, Step, Waste
from seawall.images.notable import ACCOUNTS


class DescribedFiles:
    """Files that a description names."""

    def __init__(self, described: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
        self._files = {path: file_of(path, facts) for path, facts in described.items()}
        self._texts = {path: facts.get("text") for path, facts in described.items()}
        self._hidden = [Hidden(file_of(path, facts), facts["by"]) for path, facts in hidden.items()]
        self._hidden_texts = {
            (path, facts.get("layer", 0)): facts.get("text") for path, facts in hidden.items()
        }

    def find(self, path: str) -> File | None:
        return self._files.get(path)

    def notable(self) -> Iterable[File]:
        return self._files.values()

    def hidden(self) -> Iterable[Hidden]:
        return self._hidden

    def text(self, path: str, layer: int | None = None) -> str | None:
        return self._texts.get(path) if layer is None else self._hidden_texts.get((path, layer))


def file_of(path: str, facts: Mapping[str, Any]) -> File:
    mode = int(facts.get("mode", "100644"), 8)
    return File(
        path,
        mode,
        facts.get("uid", 0),
        facts.get("gid", 0),
        facts.get("size", 0),
        facts.get("layer", 0),
        tuple(facts.get("capabilities", ())),
    )


def image_of(text: str) -> Image:
    """An image; what the text does not say is as in an empty image."""
    said = yaml.safe_load(text)
    assert set(said) <= {"config", "files", "hidden", "history", "layers", "waste", "created"}
    config = said.get("config", {})
    files = DescribedFiles(said.get("files", {}), said.get("hidden", {}))
    layers = said.get("layers", [{}])
    return Image(
        "app.tar",
        Configuration(
            user=config.get("User", ""),
            environment=tuple(tuple(item.split("=", 1)) for item in config.get("Env", ())),
            entrypoint=tuple(config.get("Entrypoint", ())),
            command=tuple(config.get("Cmd", ())),
            ports=tuple(config.get("ExposedPorts", ())),
            volumes=tuple(config.get("Volumes", ())),
            labels=config.get("Labels", {}),
            has_healthcheck="Healthcheck" in config,
            on_build=tuple(config.get("OnBuild", ())),
            created=str(said.get("created", "")),
        ),
        files,
        tuple(Layer(n, size=one.get("size", 0), base=one.get("base", False))
              for n, one in enumerate(layers)),
        tuple(Step(line) for line in said.get("history", ())),
        accounts=accounts.read(*map(files.text, ACCOUNTS)),
        waste=partial(Waste, **said.get("waste", {})),
    )  # fmt: skip
