"""Record what kube-linter says of the custom checks in tests/data/custom_checks.

    python tools/record_custom_checks.py /path/to/kube-linter VERSION

The schemas beside the manifests stand in for those kube-linter would fetch from the network.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "custom_checks"
SCHEMAS = DATA / "schemas" / "{{.ResourceKind}}{{.StrictSuffix}}.json"


def main(program: str, version: str) -> None:
    """Run kube-linter over the manifests and write its findings, sorted."""
    checks = yaml.safe_load((DATA / "checks.yaml").read_text())["customChecks"]
    for check in checks:
        if check["template"] == "kubeconform":
            check["params"]["schemaLocations"] = [str(SCHEMAS)]
    with TemporaryDirectory() as directory:
        configuration = Path(directory) / "checks.yaml"
        configuration.write_text(json.dumps({"customChecks": checks}))
        result = subprocess.run(
            [program, "lint", "--do-not-auto-add-defaults", "--format", "json",
             "--config", str(configuration), str(DATA / "manifests")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if not result.stdout.strip():
        sys.exit(result.stderr)
    rows = []
    for report in json.loads(result.stdout)["Reports"] or []:
        name = report["Object"]["K8sObject"]
        kind = name["GroupVersionKind"]["Kind"]
        rows.append((report["Check"], kind, name["Namespace"], name["Name"]))
    lines = ",\n    ".join(json.dumps(row) for row in sorted(set(rows)))
    text = f'{{\n  "version": {json.dumps(version)},\n  "findings": [\n    {lines}\n  ]\n}}\n'
    (DATA / "kube-linter.json").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
