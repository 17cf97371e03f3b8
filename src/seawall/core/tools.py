"""The other tools whose configuration and ignores are read as they are."""

TOOLS = ("checkov", "kube-linter", "kube-score", "polaris", "trivy")
