"""The other tools whose configuration and ignores are read as they are."""

TOOLS = (
    "buildkit", "checkov", "detect-secrets", "gitleaks", "hadolint", "kics", "kube-linter",
    "kube-score", "polaris", "trivy", "trufflehog",
)  # fmt: skip
