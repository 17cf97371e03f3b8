"""Languages whose programs cannot be followed file by file here: their libraries are kept whole."""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, shown

_VERSION = pattern(r"[0-9.]*\Z")
_LEFT_OUT = frozenset(("__pycache__", "doc", "man", "ri", "test", "tests"))


class Language(NamedTuple):
    """Where the libraries of a language are, as globs from the root."""

    name: str
    programs: tuple[str, ...]
    places: tuple[str, ...]
    variables: tuple[str, ...] = ()
    """Variables with directories, divided by colons."""


_LANGUAGES = (
    Language("Perl", ("perl",), (
        "etc/perl", "usr/share/perl", "usr/share/perl5", "usr/lib/perl5", "usr/lib/*/perl*",
        "usr/lib64/perl5", "usr/local/lib/perl5", "usr/local/lib/*/perl", "usr/local/share/perl*",
    ), ("PERL5LIB", "PERLLIB")),
    Language("Ruby", ("ruby", "irb", "rake", "bundle", "bundler", "gem"), (
        "usr/lib/ruby", "usr/lib64/ruby", "usr/local/lib/ruby", "usr/share/ruby*",
        "usr/share/rubygems*", "usr/lib/*/ruby", "var/lib/gems", "usr/share/gems",
        "usr/local/bundle",
    ), ("GEM_HOME", "GEM_PATH", "RUBYLIB", "BUNDLE_PATH")),
    Language("PHP", ("php", "php-fpm", "php-cgi"), (
        "usr/lib/php*", "usr/lib64/php*", "usr/local/lib/php*", "usr/share/php*", "etc/php*",
        "usr/local/etc/php*", "usr/local/php",
    ), ("PHP_INI_DIR", "PHP_INI_SCAN_DIR")),
    Language("Lua", ("lua", "luajit", "texlua"), (
        "usr/share/lua", "usr/lib/lua", "usr/lib/*/lua", "usr/local/share/lua",
        "usr/local/lib/lua", "usr/share/luajit*",
    )),
    Language("Erlang", ("erl", "escript", "beam.smp", "elixir", "iex"), (
        "usr/lib/erlang", "usr/local/lib/erlang", "usr/lib/elixir", "usr/local/lib/elixir",
    ), ("ERL_LIBS",)),
    Language("R", ("R", "Rscript"), (
        "usr/lib/R", "usr/lib64/R", "usr/share/R", "usr/local/lib/R", "etc/R",
    ), ("R_HOME", "R_LIBS")),
    Language("Tcl", ("tclsh", "wish"), ("usr/share/tcltk", "usr/lib/tcltk", "usr/lib/tcl*")),
    Language("Guile", ("guile",), ("usr/share/guile", "usr/lib/*/guile")),
)  # fmt: skip


def language_tree(keeper: Keeper, name: str, path: str) -> bool:
    """Keep the libraries of a language whole, if a program is its interpreter."""
    base = _VERSION.sub("", name) or name
    for language in _LANGUAGES:
        if base not in language.programs:
            continue
        reason = f"the libraries of {language.name}, run by {shown(path)}"
        for wanted in language.places:
            for place in list(keeper.glob(wanted)):
                keeper.keep_tree(place, reason, _LEFT_OUT, passive=True)
        for variable in language.variables:
            for place in keeper.root.configuration.variable(variable).split(":"):
                if place.startswith("/"):
                    keeper.keep_named(keeper.place(place), reason)
        keeper.warn(
            f"{shown(path)}: the libraries of {language.name} are kept whole, as its programs "
            "are not followed"
        )
        return True
    return False
