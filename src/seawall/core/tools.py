"""The other tools whose configuration and ignores are read as they are."""

TOOLS = ("buildkit", "checkov", "hadolint", "kics", "kube-linter", "kube-score", "polaris", "trivy")
