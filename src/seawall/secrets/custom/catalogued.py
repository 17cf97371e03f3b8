"""Rules that users wrote, as rules of a run."""

from collections.abc import Iterable

from seawall.core.rule import Hit, Hits, Rule
from seawall.secrets.candidate import Secret
from seawall.secrets.custom.rule import SEAWALL, CustomRule, RuleSet
from seawall.secrets.reporting import Shows, hits
from seawall.secrets.rules.catalogued import SecretRule


class CustomSecretRule(SecretRule):
    """A rule of a run made of one that a user wrote."""

    __slots__ = ("_written",)

    def __init__(self, written: CustomRule) -> None:
        super().__init__(
            written.name, self._hits, self._manual, written.severity,
            provider=written.provider, revoke=written.revoke,
        )  # fmt: skip
        self._written = written
        self.remedy = written.remedy or self.remedy

    @property
    def definition(self) -> str:
        """All that the rule says."""
        return repr(self._written)

    def _hits(self, secret: Secret, shows: Shows) -> Hits:
        written = self._written
        if written.regex:
            return hits(_noun(written), secret, shows, written.severity)
        return (Hit(f"{_noun(written)}: a file of this name is not to be kept here"),)

    def _manual(self, _rule: Rule) -> str:
        written = self._written
        summary = " ".join(written.title.split()).rstrip(".") or f"Rule {written.id}"
        where = f"in the format of {written.format}, at {written.origin}"
        return f"{summary}.\n\nA rule of your own, {where}."


def _noun(written: CustomRule) -> str:
    """What is found: gitleaks' and Trivy's descriptions are sentences, our titles nouns."""
    return written.title if written.format == SEAWALL else f"secret ({written.id})"


def rules_of(sets: Iterable[RuleSet]) -> tuple[Rule, ...]:
    """The rules of some files that find something by themselves."""
    return tuple(CustomSecretRule(rule) for one in sets for rule in one.rules if rule.reports)
