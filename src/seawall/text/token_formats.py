"""Credentials that are known by their format, for rules that judge settings one by one.

The search for secrets knows some 240 formats (``seawall.secrets``); these are those that stand in
manifests, Dockerfiles and images most, and cost nothing where a text has none of their marks.
"""

from seawall.core.named_tuple import NamedTuple


class Format(NamedTuple):
    """A kind of credential."""

    mark: str
    """A text that each of the kind has."""
    pattern: str
    what: str
    """What it is, with its article."""


_PRIVATE_KEY = (
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])+"
    r"(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/]{20}"
)
FORMATS = (
    Format("PRIVATE KEY", _PRIVATE_KEY, "a private key"),
    Format(
        "LS0tLS1CRUdJTi", r"LS0tLS1CRUdJTi(?:BQUkl|BSU0Eg|BFQyBQ|BPUEVO|BFTkNS)", "a private key"
    ),
    Format("gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}", "a GitHub token"),
    Format("github_pat_", r"\bgithub_pat_\w{40,}", "a GitHub token"),
    Format("glpat-", r"\bglpat-[\w.-]{20,}", "a GitLab token"),
    Format("glrt-", r"\bglrt-[\w.-]{20,}", "a GitLab token"),
    Format("gldt-", r"\bgldt-[\w.-]{20,}", "a GitLab token"),
    Format("xox", r"\bxox[abeoprs](?:\.xox[bp])?-[\w-]{10,}", "a Slack token"),
    Format("xapp-", r"\bxapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}", "a Slack token"),
    Format("hooks.slack.com/", r"hooks\.slack\.com/services/T\w+/B\w+/\w{20,}", "a Slack webhook"),
    Format("AKIA", r"\bAKIA[A-Z2-7]{16}\b", "an AWS access key"),
    Format("ASIA", r"\bASIA[A-Z2-7]{16}\b", "an AWS access key"),
    Format("AIza", r"\bAIza[\w-]{35}", "a Google API key"),
    Format("ya29.", r"\bya29\.[\w-]{20,}", "a Google access token"),
    Format("k_live_", r"\b[rs]k_live_[A-Za-z0-9]{20,}", "a Stripe key"),
    Format("SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}", "a SendGrid key"),
    Format("npm_", r"\bnpm_[A-Za-z0-9]{36}", "an npm token"),
    Format("pypi-", r"\bpypi-[\w-]{50,}", "a PyPI token"),
    Format("dckr_", r"\bdckr_[po]at_[\w-]{27,}", "a Docker token"),
    Format("hvs.", r"\bhvs\.[\w-]{24,}", "a Vault token"),
    Format("eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}", "a JSON Web Token"),
    Format("sk-", r"\bsk-(?:ant-|proj-|svcacct-|or-v1-)?[\w-]{32,}", "an API key"),
    Format("hf_", r"\bhf_[A-Za-z]{34}", "a Hugging Face token"),
    Format("_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}", "a DigitalOcean token"),
    Format("shp", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", "a Shopify token"),
    Format("glsa_", r"\bglsa_\w{32}_[a-f0-9]{8}", "a Grafana token"),
    Format("AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}==", "an Azure storage key"),
    Format("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", "an age key"),
)
