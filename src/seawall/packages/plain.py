"""What files of a root file system tell, as plain tuples for a cache."""

from typing import Any

from seawall.packages.listings import FORMS, Listing
from seawall.packages.package import Contents, Package, Problem, Requirement
from seawall.packages.system import Diversion, Facts, Holding, Identity

Plain = Any
"""Tuples, texts, numbers and ``None``, as ``marshal`` takes them."""


def facts_to_plain(facts: Facts) -> Plain:
    """Facts as tuples."""
    contents = facts.contents
    return (
        (
            tuple(
                (*package[:6], tuple(map(tuple, package.requires)), *package[7:])
                for package in contents.packages
            ),
            tuple(map(tuple, contents.problems)),
            contents.project,
        ),
        tuple(map(tuple, facts.holdings)),
        tuple(map(tuple, facts.diversions)),
        None if facts.identity is None else tuple(facts.identity),
        *facts[4:],
    )


def facts_from_plain(plain: Plain) -> Facts:
    """The facts of tuples; raises TypeError or ValueError for others."""
    (packages, problems, project), holdings, diversions, identity, *rest = plain
    contents = Contents(
        tuple(
            Package._make((*each[:6], tuple(Requirement(*one) for one in each[6]), *each[7:]))
            for each in packages
        ),
        tuple(Problem(*each) for each in problems),
        project,
    )
    return Facts(
        contents,
        tuple(_holding(each) for each in holdings),
        tuple(Diversion(*each) for each in diversions),
        None if identity is None else Identity(*identity),
        *rest,
    )


def _holding(plain: Plain) -> Holding | Listing:
    """The files of a package, read or not."""
    if len(plain) == len(Holding._fields):
        return Holding(*plain)
    listing = Listing(*plain)
    if listing.form not in FORMS:
        raise ValueError("a list of files is of no known form")
    return listing
