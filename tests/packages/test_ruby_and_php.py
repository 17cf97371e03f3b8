"""Bundler's and Composer's files."""

import json

import pytest

from seawall.packages.package import Unreadable
from seawall.packages.registries import default
from tests.packages.files import brings, by_name, read, versions

GEMS = """\
GIT
  remote: https://user:word@example.org/git-gem.git
  revision: 0123
  branch: main
  specs:
    git-gem (0.1.0)
      rack (~> 2.0)

PATH
  remote: .
  specs:
    shop (0.1.0)
      nokogiri (>= 1.5)

GEM
  remote: https://gems.example.org/
  specs:
    private (1.0.0)

GEM
  remote: REGISTRY/
  specs:
    nokogiri (1.13.3)
      racc (~> 1.4)
    nokogiri (1.13.3-x86_64-linux)
      racc (~> 1.4)
    racc (1.6.0)
    rack (2.2.3)
    rspec (3.0.0.rc1)
      racc

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  git-gem!
  private
  rspec (~> 3.0.a)
  shop!

CHECKSUMS
  racc (1.6.0) sha256=0123

RUBY VERSION
   ruby 3.1.2p20

BUNDLED WITH
   2.2.28
""".replace("REGISTRY", default("gem"))

GEMFILE = """\
source "REGISTRY"
gemspec
gem "git-gem", git: "https://example.org/git-gem.git" do
end
group :production, :test do
  gem "private" if true
end
if ENV["X"]
  gem 'nothing'
end
group :development, :test do
  gem "rspec", "~> 3.0.a" # tests
end
""".replace("REGISTRY", default("gem"))


def test_bundler() -> None:
    contents = read("Gemfile.lock", GEMS)
    assert not contents.problems
    assert contents.project == "shop"
    git, private, nokogiri, racc, rack, rspec = contents.packages
    assert (git.type, git.name, git.version, git.line) == ("gem", "git-gem", "0.1.0", 6)
    assert git.download == "https://example.org/git-gem.git#0123"
    assert brings(git) == [rack.identity]
    assert git.requires[0].constraint == "~> 2.0"
    assert private.qualifiers == (("repository_url", "https://gems.example.org/"),)
    assert (nokogiri.version, nokogiri.direct, nokogiri.constraint) == ("1.13.3", True, ">= 1.5")
    assert brings(nokogiri) == [racc.identity]
    assert (rspec.version, rspec.direct, rspec.constraint) == ("3.0.0.rc1", True, "~> 3.0.a")
    assert (racc.direct, rspec.development) == (False, False)


@pytest.mark.parametrize(
    ("lock", "manifest"), [("Gemfile.lock", "Gemfile"), ("gems.locked", "gems.rb")]
)
def test_the_gemfile_tells_groups(lock: str, manifest: str) -> None:
    contents = read(lock, GEMS, {manifest: GEMFILE})
    assert [package.name for package in contents.packages if package.development] == ["rspec"]
    inline = 'gem "rspec", groups: [:test, :development]\ngem "private", :group => :test\n'
    contents = read(lock, GEMS, {manifest: inline})
    assert [package.name for package in contents.packages if package.development] == [
        "private",
        "rspec",
    ]


SPECIFICATION = """\
# -*- encoding: utf-8 -*-
Gem::Specification.new do |s|
  s.name = "rss".freeze
  s.version = Gem::Version.new("0.2.9")
  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze)
end
"""


@pytest.mark.parametrize(
    "text",
    [
        SPECIFICATION,
        "# stub: rss 0.2.9 ruby lib\n",
        "s.name = NAME\n",
        "# stub: rss 0.2.9 ruby lib\n# stub: ext/a/extconf.rb\0ext/b/extconf.rb\n",
    ],
    ids=["fields", "stub", "path", "several-extensions"],
)
def test_installed_gems(text: str) -> None:
    contents = read(
        "usr/lib/ruby/gems/3.0/specifications/default/rss-0.2.9-x86_64-linux.gemspec", text
    )
    assert versions(contents) == [("rss", "0.2.9")]


COMPOSER = {
    "_readme": [],
    "content-hash": "01",
    "packages": [
        {
            "name": "Vendor/A", "version": "v1.2.0",
            "require": {"php": ">=8", "psr/log-implementation": "1.0"},
            "dist": {"type": "zip", "url": "https://api.example.org/a.zip"},
        },
        {
            "name": "monolog/monolog", "version": "2.0.0", "require": [],
            "provide": {"psr/log-implementation": "1.0"},
        },
        {
            "name": "v/branch", "version": "dev-main",
            "source": {"type": "git", "url": "https://example.org/b.git", "reference": "0123"},
        },
        {"name": "v/local", "version": "1.0.0", "dist": {"type": "path", "url": "../local"}},
    ],
    "packages-dev": [{"name": "v/test", "version": "3.0.0", "require": {"vendor/a": "^1.0"}}],
}  # fmt: skip
COMPOSER_MANIFEST = {
    "name": "v/shop",
    "require": {"php": ">=8", "ext-json": "*", "vendor/A": "^1.0", "v/exact": "1.2.3"},
    "require-dev": {"v/test": "~3"},
}


def test_composer() -> None:
    contents = read(
        "composer.lock", json.dumps(COMPOSER), {"composer.json": json.dumps(COMPOSER_MANIFEST)}
    )
    a, monolog, branch, local, test = contents.packages
    assert not contents.problems
    assert (a.type, a.name, a.version, a.key_path) == (
        "composer",
        "vendor/a",
        "v1.2.0",
        ("packages", 0),
    )
    assert (a.direct, a.constraint, a.download) == (True, "^1.0", "")
    assert brings(a) == [monolog.identity]
    assert branch.download == "https://example.org/b.git#0123"
    assert local.download == "../local"
    assert (test.direct, test.development) == (True, True)
    assert brings(test) == [a.identity]
    assert read("composer.lock", json.dumps(COMPOSER)).packages[0].direct is None


def test_what_composer_has_installed() -> None:
    entries = [*COMPOSER["packages"], *COMPOSER["packages-dev"]]
    old = read("vendor/composer/installed.json", json.dumps(entries))
    assert len(old.packages) == 5
    assert old.packages[0].key_path == (0,)
    new = json.dumps({"packages": entries, "dev": True, "dev-package-names": ["v/test"]})
    beside = {"../../composer.json": json.dumps(COMPOSER_MANIFEST)}
    packages = by_name(read("vendor/composer/installed.json", new, beside))
    assert packages["v/test"].development
    assert packages["v/test"].direct
    assert not packages["v/local"].direct


def test_a_manifest_of_composer() -> None:
    text = json.dumps(COMPOSER_MANIFEST)
    contents = read("composer.json", text)
    assert contents.project == "v/shop"
    assert versions(contents) == [("vendor/a", ""), ("v/exact", "1.2.3"), ("v/test", "")]
    assert [package.development for package in contents.packages] == [False, False, True]
    assert not read("composer.json", text, {"composer.lock": ""}).packages
    assert not read(
        "vendor/v/a/composer.json", text, {"../../composer/installed.json": ""}
    ).packages


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        (
            "Gemfile.lock",
            "GEM\n  specs:\n    a\n    b (1)\n     c\n<<<<<<< HEAD\nDEPENDENCIES\n  (x)\n",
            4,
        ),
        (
            "composer.lock",
            '{"packages": [1, {"name": "a/b"}, {"version": "1"}], "packages-dev": {}}',
            5,
        ),
        ("composer.json", '{"require": {"a/b": 1}, "require-dev": 2}', 2),
    ],
)
def test_what_is_odd_is_told(path: str, text: str, count: int) -> None:
    assert len(read(path, text).problems) == count


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Gemfile.lock", "what is\n"), ("composer.lock", "{}"), ("composer/installed.json", "{}"),
        ("composer.json", "["), ("specifications/x.gemspec", "s.name = NAME"),
    ],
)  # fmt: skip
def test_what_is_no_such_file(path: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read(path, text)
