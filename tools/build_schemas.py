"""Write the schema text that seawall ships from a folder of Kubernetes schema documents.

    python tools/build_schemas.py FOLDER [--version 1.36] [--output DIRECTORY]

The folder holds one JSON document per Kubernetes minor version (``v1.36.json``, plain or
zstd-compressed) with the keys ``kubernetes`` (the version), ``kinds`` (``group/version/kind`` ->
``namespaced``, ``resource``) and ``definitions`` (those of the OpenAPI v2 document of that
release). Without ``--version`` the newest is taken. The same input gives the same bytes.

The format is described in ``seawall/kubernetes/schema/definitions.py``, which reads it.
"""

import argparse
import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parent.parent / "src" / "seawall" / "kubernetes" / "schema"
Json = dict[str, Any]

PREFIXES = {
    "io.k8s.api.": "",
    "io.k8s.apimachinery.pkg.apis.": "",
    "io.k8s.apiextensions-apiserver.pkg.apis.": "",
    "io.k8s.kube-aggregator.pkg.apis.": "",
}

# Types with a decoder of their own in Kubernetes, which OpenAPI cannot describe.
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "T",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "*",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "*",
}
for _name, _code in (
    ("JSON", "*"),
    ("JSONSchemaPropsOrBool", "B"),
    ("JSONSchemaPropsOrArray", "A"),
    ("JSONSchemaPropsOrStringArray", "S"),
):
    SPECIAL[f"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.{_name}"] = _code

SCALARS = {
    ("string", ""): "s",
    ("string", "byte"): "y",
    ("string", "date-time"): "t",
    ("string", "int-or-string"): "x",
    ("boolean", ""): "b",
    ("integer", "int32"): "i",
    ("integer", "int64"): "l",
    ("integer", ""): "l",
    ("number", "double"): "n",
    ("number", ""): "n",
}

# Fields that OpenAPI lists as required and a server does not ask for: it defaults them
# (roleRef.apiGroup), or the zero value they then have in Go is a valid one. Found by sending a
# kube-apiserver 1.36 an object without each required field in turn (dry run, strict).
NOT_DEMANDED = (
    "apiextensions.*.CustomResourceDefinitionVersion.served",
    "apiextensions.*.CustomResourceDefinitionVersion.storage",
    "apps.*.ControllerRevision.revision",
    "apps.*.StatefulSetSpec.serviceName",
    "batch.*.PodFailurePolicy.rules",
    "core.v1.ConfigMapNodeConfigSource.*",
    "core.v1.Event.involvedObject",
    "core.v1.HTTPHeader.value",
    "core.v1.ISCSI*VolumeSource.lun",
    "core.v1.LimitRangeSpec.limits",
    "core.v1.PreferredSchedulingTerm.preference",
    "core.v1.ScaleIO*VolumeSource.secretRef",
    "core.v1.SleepAction.seconds",
    "core.v1.Sysctl.value",
    "discovery.*.ForZone.name",
    "meta.v1.GroupResource.group",
    "rbac.*.RoleRef.apiGroup",
    "resource.*.Counter.value",
    "resource.*.DeviceCapacity.value",
    "resource.*.DeviceClass.spec",
    "resource.*.ResourceClaim.spec",
    "resource.*.ResourceClaimTemplate.spec",
    "resource.*.ResourceClaimTemplateSpec.spec",
    "resource.*.ResourcePool.generation",
    "storage.*.CSIDriver.spec",
    "storage.*.CSINode.spec",
    "storage.*.CSINodeSpec.drivers",
    "storage.*.TokenRequest.audience",
)

# Kinds that a server answers and does not store, so that the documents' lists lack them.
ANSWERED = {
    "/v1/Binding": True,
    "authentication.k8s.io/v1/SelfSubjectReview": False,
    "authentication.k8s.io/v1/TokenReview": False,
    "authorization.k8s.io/v1/LocalSubjectAccessReview": True,
    "authorization.k8s.io/v1/SelfSubjectAccessReview": False,
    "authorization.k8s.io/v1/SelfSubjectRulesReview": False,
    "authorization.k8s.io/v1/SubjectAccessReview": False,
}


class Builder:
    """Turns one schema document into text."""

    def __init__(self, document: Json) -> None:
        self.version: str = document["kubernetes"]
        self.definitions: Json = document["definitions"]
        self.kinds: Json = document["kinds"]
        self.lines: dict[str, str] = {}
        self.pending: list[str] = []

    def text(self) -> str:
        """The whole file."""
        kinds = self._kinds()
        while self.pending:
            name = self.pending.pop()
            if self.short(name) not in self.lines:
                self.lines[self.short(name)] = self._definition(name)
        definitions = [self.lines[name] for name in sorted(self.lines)]
        head = [
            f"# Kubernetes {self.version} API schema, facts of its OpenAPI document (Apache-2.0).",
            "# Written by tools/build_schemas.py; read by seawall.kubernetes.schema.definitions.",
        ]
        return "\n".join([*head, "", *kinds, "", *definitions]) + "\n"

    def _kinds(self) -> list[str]:
        entries = {
            f"{kind['group']}/{kind['version']}/{kind['kind']}": name
            for name, definition in self.definitions.items()
            for kind in definition.get("x-kubernetes-group-version-kind", ())
        }
        stored = {key: (v["resource"], v["namespaced"]) for key, v in self.kinds.items()}
        answered = {
            key: (f"{key.rpartition('/')[2].lower()}s", namespaced)
            for key, namespaced in ANSWERED.items()
            if key in entries
        }
        lines = []
        for key, (resource, namespaced) in (answered | stored).items():
            version, _, kind = key.lstrip("/").rpartition("/")
            scope = "namespaced" if namespaced else "cluster"
            lines.append(f"{version} {kind} {resource} {scope} {self.short(entries[key])}")
            self.pending.append(entries[key])
        return sorted(lines)

    @staticmethod
    def short(name: str) -> str:
        """``io.k8s.api.core.v1.Pod`` -> ``core.v1.Pod``."""
        for prefix, replacement in PREFIXES.items():
            if name.startswith(prefix):
                return replacement + name.removeprefix(prefix)
        sys.exit(f"unknown package: {name}")

    def _definition(self, name: str) -> str:
        definition = self.definitions[name]
        short = self.short(name)
        required = set(definition.get("required", ()))
        properties: Json = definition.get("properties", {})
        is_object = "metadata" in properties
        words = [short]
        if definition.get("x-kubernetes-preserve-unknown-fields"):
            words.append("*:*")
        for field, schema in properties.items():
            mark = ""
            if field in required:
                mark = "!" if self._demanded(f"{short}.{field}") else "?"
            elif field == "spec" and is_object and self._demands_something(schema):
                mark = "+"
            # A server sets the status of a new object itself, whatever the request says.
            read_only = "~" if field == "status" and is_object and "$ref" in schema else ""
            words.append(f"{field}{mark}:{read_only}{self._type(schema, short)}")
        return " ".join(words)

    @staticmethod
    def _demanded(field: str) -> bool:
        return not any(fnmatchcase(field, pattern) for pattern in NOT_DEMANDED)

    def _demands_something(self, schema: Json) -> bool:
        """Whether an absent spec, which a server reads as an empty one, would be refused."""
        name = schema.get("$ref", "").removeprefix("#/definitions/")
        required = self.definitions[name].get("required", ()) if name else ()
        return any(self._demanded(f"{self.short(name)}.{field}") for field in required)

    def _type(self, schema: Json, owner: str) -> str:
        strategy = schema.get("x-kubernetes-patch-strategy", "")
        merge = f"@{schema.get('x-kubernetes-patch-merge-key', '')}" if "merge" in strategy else ""
        keep = "^" if "retainKeys" in strategy else ""
        return self._plain_type(schema, owner) + merge + keep

    def _plain_type(self, schema: Json, owner: str) -> str:
        if "$ref" in schema:
            return self._reference(schema["$ref"].removeprefix("#/definitions/"), owner)
        kind, form = schema.get("type", ""), schema.get("format", "")
        if kind == "array":
            return "[]" + self._type(schema["items"], owner)
        if isinstance(schema.get("additionalProperties"), dict):
            return "{}" + self._type(schema["additionalProperties"], owner)
        if kind in {"", "object"}:
            return "*"
        code = SCALARS[kind, form]
        values = [str(value) for value in schema.get("enum", ())]
        if any(re.search(r"[\s|@^]", value) for value in values):
            sys.exit(f"enum values that the format cannot hold: {values}")
        return "|".join([code, *values])

    def _reference(self, name: str, owner: str) -> str:
        if name in SPECIAL:
            return SPECIAL[name]
        self.pending.append(name)
        package, _, last = self.short(name).rpartition(".")
        return f".{last}" if package == owner.rpartition(".")[0] else f"{package}.{last}"


def read(folder: Path, version: str) -> Json:
    """The schema document of a version, or of the newest."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = re.fullmatch(r"v(\d+\.\d+)\.json(?:\.zst)?", path.name)
        if match:
            found[match[1]] = path
    if not found:
        sys.exit(f"no schema documents (v1.36.json or v1.36.json.zst) in {folder}")
    chosen = version or max(found, key=lambda text: [int(part) for part in text.split(".")])
    if chosen not in found:
        sys.exit(f"no schema document of {chosen} in {folder}; there are {', '.join(found)}")
    data = found[chosen].read_bytes()
    if found[chosen].suffix == ".zst":
        import zstandard  # noqa: PLC0415 - only where the documents are compressed

        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    document: Json = json.loads(data)
    return document


def main() -> None:
    """Write ``v<version>.txt``."""
    parser = argparse.ArgumentParser(description="Write the schema text that seawall ships.")
    parser.add_argument("folder", type=Path, help="folder of schema documents")
    parser.add_argument("--version", default="", help="Kubernetes version, for example 1.36")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where to write")
    arguments = parser.parse_args()
    builder = Builder(read(arguments.folder, arguments.version))
    text = builder.text()
    path = arguments.output / f"v{builder.version}.txt"
    path.write_text(text, encoding="ascii", newline="\n")
    sys.stdout.write(f"{path}: {len(builder.lines)} definitions, {len(text):,} bytes\n")


if __name__ == "__main__":
    main()
