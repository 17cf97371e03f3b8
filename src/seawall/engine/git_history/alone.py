"""A scan of some commits or of the index, and of nothing else."""

from seawall import catalogue
from seawall.core.redacted import revealing
from seawall.core.report import Coverage
from seawall.engine.analysis import Analysis
from seawall.engine.concluding import Result, judged, policy_of, report_of
from seawall.engine.options import Options
from seawall.engine.past import Past
from seawall.engine.run import Run
from seawall.engine.texts import Texts


def scan(options: Options, run: Run) -> Result:
    """Search what commits or the index bring for secrets.

    Other rules judge files as they are together, which ``--since`` does: what was there for one
    commit is of no consequence to them, but a secret has been given away by then.
    """
    past = Past(options)
    domains = (catalogue.SECRETS, "input")
    rules = catalogue.select(
        profile=options.profile,
        select=options.select,
        enable=options.enable,
        ignore=options.ignore,
        ruleset=options.ruleset,
        domains=domains,
    )
    nothing = Analysis([], [], Coverage(not_covered=options.not_covered), 0, [], {}, {})
    analysis = past.added(nothing, rules, run)
    run.knows(analysis.secrets)
    policy = policy_of(options, rules, analysis, domains)
    verdict = judged(analysis, options, policy)
    texts = Texts()
    report = report_of(
        verdict, options, texts, coverage=analysis.coverage, private={},
        shows=revealing(analysis.secrets),
    )  # fmt: skip
    return Result(report._replace(rules=len(rules), git_objects=past.objects), texts, policy)
