"""One or more files of each format, of its real form, for tests that take them all."""

import io
import json
import zipfile

from seawall.packages.registries import default
from tests.packages import (
    binaries,
    test_cargo_lock,
    test_dotnet,
    test_executables,
    test_go_module,
    test_javascript_locks,
    test_manifests,
    test_npm_lock,
    test_other_locks,
    test_python_locks,
    test_ruby_and_php,
    test_sbom,
)


def _jar() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nImplementation-Title: a\n")
        archive.writestr(
            "META-INF/maven/org.example/a/pom.properties",
            "groupId=org.example\nartifactId=a\nversion=1.0\n",
        )
        archive.writestr("lib/b-2.0.jar", b"PK\5\6" + bytes(18))
    return data.getvalue()


_NPM_3 = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"a": "^1"}, "workspaces": ["w"], "devDependencies": {"b": "npm:c@2"}},
        "node_modules/a": {"version": "1.0.0", "resolved": "git:x", "dependencies": {"b": "2"}},
        "node_modules/b": {"name": "c", "version": "2.0.0", "dev": True, "optional": True},
        "node_modules/w": {"resolved": "w", "link": True},
        "w": {"version": "1.0.0", "peerDependencies": {"a": "*"}},
    },
}  # fmt: skip

_TEXTS: dict[str, object] = {
    # Go
    "go.mod": test_go_module.MODULE,
    "go.sum": test_go_module.SUMS,
    "go.work": (
        "go 1.22.1\ntoolchain go1.23.0\nuse (\n\t./a\n)\nreplace a v1.0.0 => b v1.2.3 // why\n"
    ),
    # JavaScript
    "bun.lock": test_javascript_locks.BUN,
    "package-lock.json": _NPM_3,
    "old/package-lock.json": test_npm_lock.V1,
    "package.json": test_javascript_locks.MANIFEST,
    "node_modules/a/package.json": {"name": "a", "version": "1.0.0", "_resolved": "x"},
    "pnpm-lock.yaml": test_javascript_locks.PNPM_9,
    "6/pnpm-lock.yaml": test_javascript_locks.PNPM_6,
    "5/pnpm-lock.yaml": test_javascript_locks.PNPM_5,
    "yarn.lock": test_javascript_locks.YARN,
    "berry/yarn.lock": test_javascript_locks.BERRY,
    # PHP
    "composer.json": test_ruby_and_php.COMPOSER_MANIFEST,
    "composer.lock": test_ruby_and_php.COMPOSER,
    "vendor/composer/installed.json": {
        "packages": test_ruby_and_php.COMPOSER["packages"],
        "dev-package-names": ["a/b"],
    },
    # Python
    "Pipfile.lock": {
        "_meta": {"pipfile-spec": 6},
        "default": {
            "a": {"version": "==1.0", "extras": ["x"]},
            "g": {"git": "https://example.org/g"},
        },
        "develop": {"b": {"version": "==2.0"}},
    },
    "pdm.lock": test_python_locks.PDM,
    "poetry.lock": test_python_locks.POETRY,
    "pylock.toml": test_python_locks.PYLOCK,
    "pyproject.toml": test_python_locks.MANIFEST,
    "site-packages/a-1.0.dist-info/METADATA": test_manifests.METADATA,
    "requirements.txt": (
        "-r other.txt\n-c limits.txt\n--hash x\na[b]==1.0 ; c > '1' \\\n    --hash=sha256:01\n"
        "    # via\n    #   flask\nflask>=1  # why\n-e git+https://example.org/e#egg=e\n./x-1.0.zip\n"
    ),
    "requirements.in": "a==1\nb\n",
    "setup.cfg": test_manifests.SETUP,
    "uv.lock": test_python_locks.UV,
    # Ruby
    "Gemfile.lock": test_ruby_and_php.GEMS,
    "specifications/rss-0.2.9.gemspec": test_ruby_and_php.SPECIFICATION,
    # Rust
    "Cargo.lock": test_cargo_lock.LOCK,
    "Cargo.toml": test_manifests.CARGO,
    # Bills of materials
    "bom.json": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "r", "type": "application", "name": "shop"}},
        "components": [
            {
                "bom-ref": "a",
                "type": "library",
                "name": "a",
                "version": "1",
                "purl": "pkg:npm/a@1",
                "scope": "optional",
                "properties": [{"name": "x", "value": "y"}],
            }
        ],
        "dependencies": [{"ref": "r", "dependsOn": ["a"]}],
    },
    "bom.xml": test_sbom.XML,
    "x.spdx": test_sbom.TAGS,
    "x.spdx.json": {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "x",
        "packages": [
            {
                "SPDXID": "SPDXRef-a",
                "name": "a",
                "versionInfo": "1",
                "downloadLocation": "NONE",
                "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}],
            }
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-a",
            }
        ],
    },
    # C and C++
    "conan.lock": {
        "version": "0.5",
        "requires": ["zlib/1.2.13#rev%1"],
        "build_requires": ["cmake/3.0"],
    },
    "1/conan.lock": {
        "version": "0.4",
        "graph_lock": {"nodes": {"0": {"ref": "a/1", "requires": ["1"]}, "1": {"ref": "b/2#r"}}},
    },
    "conanfile.txt": "[requires]\nzlib/1.2.13\nb/[>1 <2]@user/x\n[tool_requires]\ncmake/3\n",
    "vcpkg.json": {
        "dependencies": ["a", {"name": "b", "version>=": "1.0#2"}],
        "overrides": [{"name": "a", "version": "1"}],
    },
    # Dart
    "pubspec.lock": (
        'packages:\n  a:\n    dependency: "direct main"\n    description:\n      name: a\n'
        f'      url: "{default("pub")}"\n    source: hosted\n    version: "1.0.0"\n'
        "sdks:\n  dart: 2\n"
    ),
    # .NET
    "packages.lock.json": {
        "version": 2,
        "dependencies": {
            "net8.0": {
                "A": {
                    "type": "Direct",
                    "requested": "[1.0, )",
                    "resolved": "1.0.0",
                    "dependencies": {"B": "2.0"},
                },
                "B": {"type": "Transitive", "resolved": "2.0.0"},
            }
        },
    },
    "packages.config": '<packages><package id="A" version="1.0"/></packages>',
    "project.assets.json": {
        "version": 3,
        "targets": {"net8.0": {"A/1.0.0": {"type": "package", "dependencies": {"B": "2.0"}}}},
        "libraries": {"A/1.0.0": {"type": "package"}},
        "project": {
            "frameworks": {
                "net8.0": {"dependencies": {"A": {"target": "Package", "version": "[1, )"}}}
            }
        },
    },
    "a.deps.json": {
        "runtimeTarget": {"name": "net8.0"},
        "targets": {"net8.0": {"A/1.0.0": {"dependencies": {"B": "2.0.0"}, "runtime": {}}}},
        "libraries": {"A/1.0.0": {"type": "package"}, "B/2.0.0": {"type": "project"}},
    },
    "a.csproj": test_dotnet.PROJECT,
    # Elixir
    "mix.lock": (
        '%{\n  "a": {:hex, :a, "1.0.0", "01", [:mix], [{:b, "~> 1.0", [hex: :b]}], '
        '"hexpm", "02"},\n}\n'
    ),
    # GitHub Actions
    ".github/workflows/x.yml": (
        "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4 # v4.1\n"
        "      - uses: docker://a:1\n"
    ),
    # Haskell
    "cabal.project.freeze": (
        "active-repositories: x\nconstraints: any.a ==1.0,\n             any.b ==2.0,\n"
        "             a +c\n"
    ),
    "stack.yaml.lock": (
        "packages:\n- completed:\n    hackage: a-1.0@sha256:01,1\n  original:\n"
        "    hackage: a-1.0\nsnapshots: []\n"
    ),
    # Java
    "pom.xml": (
        "<project><groupId>g</groupId><artifactId>shop</artifactId><version>1</version><properties>"
        "<v>1.0</v></properties>\n<dependencies>\n<dependency><groupId>org.example</groupId>"
        "<artifactId>a</artifactId><version>${v}</version>\n<scope>test</scope></dependency>\n"
        "</dependencies></project>"
    ),
    "gradle.lockfile": "# a comment\norg.example:a:1.0=compileClasspath,testClasspath\nempty=x\n",
    "gradle/libs.versions.toml": (
        '[versions]\na = "1.0"\nb = { strictly = "2" }\n[libraries]\n'
        'a = { module = "org.example:a", version.ref = "a" }\nc = "org.example:c:3"\n'
        '[plugins]\np = "x:1"\n'
    ),
    "build.sbt.lock": {
        "lockVersion": 1,
        "dependencies": [{"org": "a", "name": "b", "version": "1", "configurations": ["test"]}],
    },
    # Others
    "Manifest.toml": test_other_locks.MANIFEST,
    "shop.opam.locked": (
        'opam-version: "2.0"\nname: "shop"\ndepends: [\n  "a" {= "1.0"}\n'
        '  "b" {= "2" & with-test}\n]\n'
    ),
    "renv.lock": {
        "R": {"Version": "4.2"},
        "Packages": {
            "a": {"Package": "a", "Version": "1.0", "Source": "Repository", "Requirements": ["b"]}
        },
    },
    "Package.resolved": {"pins": test_other_locks.PINS_2, "version": 2},
    "Podfile.lock": (
        "PODS:\n  - A (1.0):\n    - B (~> 2)\n  - B (2.0)\nDEPENDENCIES:\n  - A (from `x`)\n"
        "SPEC CHECKSUMS:\n  A: 01\n"
    ),
    ".tool-versions": "python 3.11.1 3.10.0\nnodejs lts\n",
    ".python-version": "3.11\n",
}

SAMPLES: dict[str, bytes] = {
    path: (text if isinstance(text, str) else json.dumps(text, indent=1)).encode()
    for path, text in _TEXTS.items()
}
SAMPLES["a-1.0.jar"] = _jar()

EXECUTABLES = {
    "go": binaries.elf(".go.buildinfo", test_executables.NOTE),
    "rust": binaries.macho(".dep-v0", binaries.audit_note(test_executables.AUDIT)),
}
