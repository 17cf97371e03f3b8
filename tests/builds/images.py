"""The images that Dockerfiles build on, under the names that Docker Hub has for them.

All are made of the machine's own release of Debian or Ubuntu and its packages, so versions in tags
are not to be taken at their word. What programs rely on is there as in the official images: names
of commands, users, environment, start command.
"""

import hashlib
import inspect
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.builds import root_file_system
from tests.builds.engine import Engine
from tests.builds.machine import directory, locked, release

_INSTALL = "RUN apt-get update && apt-get install -y --no-install-recommends"
_CLEAN = "&& rm -rf /var/lib/apt/lists/*"
_SYSTEM = "localhost/seawall-system:1"

_PLAIN = f"""\
FROM {_SYSTEM}
CMD ["bash"]
"""
_PYTHON = f"""\
FROM {_SYSTEM}
{_INSTALL} python3 python3-pip python3-setuptools python3-venv python3-wheel {_CLEAN} \\
    && ln -s python3 /usr/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
CMD ["python3"]
"""
_NODE = f"""\
FROM {_SYSTEM}
{_INSTALL} nodejs {_CLEAN} \\
    && groupadd --gid 1000 node \\
    && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
CMD ["node"]
"""
_GO = f"""\
FROM {_SYSTEM}
{_INSTALL} golang-go gcc libc6-dev {_CLEAN}
ENV GOPATH=/go PATH=/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
"""
_GCC = f"""\
FROM {_SYSTEM}
{_INSTALL} gcc libc6-dev make {_CLEAN}
CMD ["bash"]
"""
_NGINX = f"""\
FROM {_SYSTEM}
{_INSTALL} nginx-light {_CLEAN} \\
    && groupadd --system --gid 101 nginx \\
    && useradd --system --uid 101 --gid nginx --no-create-home --shell /bin/false nginx \\
    && mkdir -p /var/cache/nginx /usr/share/nginx/html
COPY nginx.conf /etc/nginx/nginx.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"""
_NGINX_CONFIGURATION = """\
user nginx;
error_log /dev/stderr notice;
pid /var/run/nginx.pid;
events {}
http {
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path /var/cache/nginx/client_temp;
    proxy_temp_path /var/cache/nginx/proxy_temp;
    fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
    uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
    scgi_temp_path /var/cache/nginx/scgi_temp;
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
}
"""

_RECIPES = (
    (("debian:12", "debian:12-slim", "debian:13", "debian:latest", "ubuntu:24.04"), _PLAIN),
    (("python:3.11", "python:3.11-slim"), _PYTHON),
    (("node:18", "node:22"), _NODE),
    (("golang:1.19",), _GO),
    (("gcc:12",), _GCC),
    (("nginx:1.22",), _NGINX),
)
"""Images of the same content, and the Dockerfile that they are made by.

Some are what ``harden`` names in the place of ``latest`` or of a release that gets no updates.
"""


class Shelf:
    """The images of a machine, each made when it is asked for first."""

    def __init__(self) -> None:
        recipe = inspect.getsource(root_file_system) + repr((_RECIPES, _NGINX_CONFIGURATION))
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
        place = directory() / f"{release()}-{digest}"
        place.mkdir(exist_ok=True)
        self.engine = Engine(place)

    def layouts(self, names: Sequence[str]) -> list[Path]:
        """OCI layouts that hold images, which are in the engine's storage afterwards."""
        kinds = [kind for kind in _RECIPES if any(name in kind[0] for name in names)]
        return [self._layout(known, recipe) for known, recipe in kinds]

    def _layout(self, names: Sequence[str], recipe: str) -> Path:
        layout = self.engine.directory / "layouts" / names[0].replace(":", "-")
        with locked(f"images-{self.engine.directory.name}"):
            if not self.engine.has(_SYSTEM):
                self.engine.import_root(root_file_system.archive(self.engine.directory), _SYSTEM)
            if not (layout / "complete").exists():
                shutil.rmtree(layout, ignore_errors=True)
                layout.parent.mkdir(exist_ok=True)
                self._make(recipe, layout, [f"docker.io/library/{name}" for name in names])
                (layout / "complete").touch()
        return layout

    def _make(self, recipe: str, layout: Path, names: Sequence[str]) -> None:
        with TemporaryDirectory() as work:
            Path(work, "Dockerfile").write_text(recipe)
            Path(work, "nginx.conf").write_text(_NGINX_CONFIGURATION)
            self.engine.build(Path(work), names[0])
        self.engine.export(layout, names)
