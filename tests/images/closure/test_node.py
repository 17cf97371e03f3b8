"""Node.js programs: the modules that they require."""

import json

import pytest

from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

MODULES = "app/node_modules"


def package(**fields: object) -> str:
    return json.dumps(fields)


FILES: dict[str, Content] = {
    LOADER: elf(), "usr/local/bin/node": elf(interpreter=f"/{LOADER}"),
    "app/package.json": package(name="shop", dependencies={"main": "1"}),
    "app/server.js": """
        const m = require("main"); const {x} = require('./lib/x');
        import("esm/feature").then(f); const fs = require("fs");
    """,
    "app/lib/x.js": "module.exports = require('../data.json')", "app/data.json": "{}",
    "app/views/index.html": "x", "app/plain.js": "require('@scope/pkg/sub')",
    f"{MODULES}/main/package.json": package(main="./dist/main", dependencies={"deep": "1"}),
    f"{MODULES}/main/dist/main.js": "require('deep'); require('./more')",
    f"{MODULES}/main/dist/more.js": "", f"{MODULES}/main/dist/unused.js": "",
    f"{MODULES}/main/node_modules/deep/package.json": package(),
    f"{MODULES}/main/node_modules/deep/index.js": "require('./addon.node')",
    f"{MODULES}/main/node_modules/deep/addon.node": elf(["libx.so"]), "usr/lib/libx.so": elf(),
    f"{MODULES}/deep/index.js": "",
    f"{MODULES}/esm/package.json": package(exports={
        ".": "./index.mjs",
        "./feature": {"browser": "./web.js", "import": "./f.mjs", "require": {"node": "./f.cjs"}},
        "./p/*": "./src/*.js",
    }, imports={"#own": "./own.mjs"}),
    f"{MODULES}/esm/f.mjs": 'import own from "#own"; export * from "./g.mjs"',
    f"{MODULES}/esm/f.cjs": "require('esm/p/q')", f"{MODULES}/esm/g.mjs": "",
    f"{MODULES}/esm/own.mjs": "", f"{MODULES}/esm/web.js": "", f"{MODULES}/esm/index.mjs": "",
    f"{MODULES}/esm/src/q.js": "",
    f"{MODULES}/@scope/pkg/package.json": package(), f"{MODULES}/@scope/pkg/sub.js": "",
    f"{MODULES}/@scope/pkg/other.js": "",
    f"{MODULES}/never/index.js": "", f"{MODULES}/never/package.json": package(),
}  # fmt: skip


def test_graph() -> None:
    found = closed(FILES, "node", "server.js", directory="/app")
    assert {
        "app/server.js", "app/lib/x.js", "app/data.json", "app/views/index.html",
        f"{MODULES}/main/package.json", f"{MODULES}/main/dist/main.js",
        f"{MODULES}/main/dist/more.js", f"{MODULES}/main/node_modules/deep/addon.node",
        "usr/lib/libx.so", f"{MODULES}/esm/f.mjs", f"{MODULES}/esm/f.cjs", f"{MODULES}/esm/g.mjs",
        f"{MODULES}/esm/own.mjs", f"{MODULES}/esm/src/q.js", f"{MODULES}/@scope/pkg/sub.js",
    } <= found.paths  # fmt: skip
    for name in ("main/dist/unused.js", "deep/index.js", "esm/web.js", "esm/index.mjs",
                 "@scope/pkg/other.js", "never/index.js"):  # fmt: skip
        assert f"{MODULES}/{name}" not in found.paths
    assert not found.warnings


@pytest.mark.parametrize(
    "source",
    ["require(`./locale/${name}`)", "require(name)", "await import(name)",
     "fs.readFileSync(path.join(__dirname, 'data.bin'))", "new URL('data.bin', import.meta.url)"],
)  # fmt: skip
def test_a_package_that_loads_by_names_is_kept_whole(source: str) -> None:
    files = {
        **FILES, "app/server.js": "require('odd')", f"{MODULES}/odd/index.js": source,
        f"{MODULES}/odd/package.json": package(dependencies={"never": "1"}),
        f"{MODULES}/odd/data.bin": "x", f"{MODULES}/odd/locale/de.js": "require('main')",
        f"{MODULES}/odd/node_modules/own/index.js": "",
    }  # fmt: skip
    found = closed(files, "node", "/app/server.js")
    assert {f"{MODULES}/odd/data.bin", f"{MODULES}/odd/locale/de.js", f"{MODULES}/never/index.js",
            f"{MODULES}/main/dist/main.js"} <= found.paths  # fmt: skip
    assert f"{MODULES}/odd/node_modules/own/index.js" not in found.paths


def test_links_of_a_workspace() -> None:
    files: dict[str, Content] = {
        **FILES, "app/server.js": "require('linked')", f"{MODULES}/linked": "-> ../packages/linked",
        "app/packages/linked/package.json": package(main="a.js"),
        "app/packages/linked/a.js": "require('main')",
    }  # fmt: skip
    found = closed(files, "node", "/app/server.js")
    assert {f"{MODULES}/linked", "app/packages/linked/a.js", f"{MODULES}/main/dist/main.js"} <= (
        found.paths
    )


def test_programs_of_packages_and_preloads() -> None:
    files: dict[str, Content] = {
        **FILES, "usr/bin/env": elf(interpreter=f"/{LOADER}"),
        f"{MODULES}/.bin/tool": "-> ../tool/cli.js", f"{MODULES}/tool/package.json": package(),
        f"{MODULES}/tool/cli.js": "#!/usr/bin/env node\nrequire('main')\n",
    }  # fmt: skip
    found = closed(
        files, "/app/node_modules/.bin/tool", environment={"NODE_OPTIONS": "-r @scope/pkg/sub"},
        directory="/app",
    )  # fmt: skip
    assert {"usr/local/bin/node", "usr/bin/env", f"{MODULES}/tool/cli.js",
            f"{MODULES}/main/dist/main.js", f"{MODULES}/@scope/pkg/sub.js",
            } <= found.paths  # fmt: skip


def test_what_is_missing_is_told() -> None:
    files = {**FILES, "app/server.js": "require('gone'); require('zlib'); import 'node:x'"}
    text = "\n".join(closed(files, "node", "/app/server.js").warnings)
    assert "requires gone" in text
    assert "zlib" not in text


def test_odd_manifests_raise_nothing() -> None:
    for manifest in ("[]", "{", '{"main": 3, "exports": [1, {"x": []}]}', '{"exports": {"./": 1}}',
                     "[" * 100_000, '{"dependencies": [1], "imports": "x"}'):  # fmt: skip
        files = {**FILES, f"{MODULES}/main/package.json": manifest}
        closed(files, "node", "/app/server.js")


def test_a_long_chain_of_packages() -> None:
    files: dict[str, Content] = {**FILES, "app/server.js": "require('p0')"}
    for number in range(2000):
        files[f"{MODULES}/p{number}/package.json"] = package(
            exports={}, dependencies={f"p{number + 1}": "1"}
        )
    found = closed(files, "node", "/app/server.js")
    assert f"{MODULES}/p1999/package.json" in found.paths
