"""Images of servers on a real Debian, each with the configuration that its package brings.

They are the first image of ``tests.realimages.images`` with a layer and a configuration on top.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

PORT = 8080
"""Where all of them listen."""
_APPLICATION = """\
import http.server, json, sqlite3, ssl


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        version = sqlite3.connect(":memory:").execute("select sqlite_version()").fetchone()[0]
        body = json.dumps({"sqlite": version, "ssl": ssl.OPENSSL_VERSION}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ssl.create_default_context()
    http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
_NODE = """\
const http = require("http");
const zlib = require("node:zlib");
http.createServer((_, answer) => answer.end("node " + zlib.gzipSync("x").length)).listen(8080);
"""
_START = """\
#!/bin/sh
set -e
if [ "$1" = serve ]; then
    set -- redis-server /etc/redis/redis.conf --daemonize no --port 8080 --logfile ""
fi
exec "$@"
"""
_SITE = """\
server {
    listen 8080;
    root /var/www/html;
    index index.nginx-debian.html;
}
"""
_REDIS = ["redis-server", "/etc/redis/redis.conf", "--daemonize", "no", "--port", "8080",
          "--logfile", ""]  # fmt: skip


class Server(NamedTuple):
    """What is put upon the system."""

    config: Mapping[str, Any]
    files: Mapping[str, str] = {}
    """By path; those that begin with ``-> `` are links."""


SERVERS = {
    "redis": Server({"Cmd": _REDIS}),
    "nginx": Server(
        {"Cmd": ["nginx", "-g", "daemon off;"]},
        {
            "etc/nginx/sites-available/default": _SITE,
            "var/log/nginx/error.log": "-> /dev/stderr",
            "var/log/nginx/access.log": "-> /dev/stdout",
        },
    ),
    "python": Server(
        {"Cmd": ["python3", "/srv/app/main.py"]}, {"srv/app/main.py": _APPLICATION}
    ),
    "node": Server(
        {"Cmd": ["node", "main.js"], "WorkingDir": "/srv/app"}, {"srv/app/main.js": _NODE}
    ),
    "script": Server(
        {
            "Entrypoint": ["start"], "Cmd": ["serve"],
            "Healthcheck": {"Test": ["CMD-SHELL", "redis-cli -p 8080 ping"]},
        },
        {"usr/local/bin/start": _START},
    ),
}  # fmt: skip


def server(system: Path, target: Path, name: str) -> Path:
    """The layout of an image upon the only one of another layout."""
    wanted = SERVERS[name]
    index = json.loads((system / "index.json").read_bytes())
    manifest = json.loads(_blob(system, index["manifests"][0]["digest"]).read_bytes())
    config = json.loads(_blob(system, manifest["config"]["digest"]).read_bytes())
    target.mkdir()
    (target / "blobs" / "sha256").mkdir(parents=True)
    (target / "oci-layout").write_bytes((system / "oci-layout").read_bytes())
    for layer in manifest["layers"]:
        source = _blob(system, layer["digest"])
        try:
            os.link(source, _blob(target, layer["digest"]))
        except OSError:  # on another file system
            _blob(target, layer["digest"]).symlink_to(source)
    layer = _tar(wanted.files)
    manifest["layers"].append(
        {**_put(target, layer), "mediaType": "application/vnd.oci.image.layer.v1.tar"}
    )
    config["rootfs"]["diff_ids"].append(_put(target, layer)["digest"])
    config["history"].append({"created": config["created"], "created_by": f"COPY {name} /"})
    config["config"] = {"Env": config["config"]["Env"], **wanted.config}
    manifest["config"].update(_put(target, json.dumps(config).encode()))
    index["manifests"] = [
        {"mediaType": manifest["mediaType"], **_put(target, json.dumps(manifest).encode())}
    ]
    (target / "index.json").write_text(json.dumps(index))
    return target


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _put(layout: Path, data: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    _blob(layout, digest).write_bytes(data)
    return {"digest": digest, "size": len(data)}


def _tar(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            if text.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, text[3:]
                archive.addfile(member)
                continue
            data = text.encode()
            member.size, member.mode = len(data), 0o755
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
