"""Languages and runtimes: RubySec, FriendsOfPHP, Node.js, Retire.js, endoflife.date."""

import json

import pytest

from seawall.advisories import spans
from seawall.advisories.advisory import Advisory, Affected, Cycle, Events, Score
from seawall.advisories.versions.schemes import scheme_of
from tests.advisories.feeds.samples import advisories, read, reasons, sample


def only(records: list[object]) -> Affected:
    (record,) = records
    assert isinstance(record, Advisory)
    (affected,) = record.affected
    return affected


def test_rubysec_says_what_is_not_affected() -> None:
    found = advisories("rubysec")
    redcloth = found["RUBYSEC-RedCloth-CVE-2023-31606"]
    assert redcloth.affected == (
        Affected("RubyGems", "RedCloth", unaffected=(">= 4.3.3", "< 4.0.0")),
    )
    assert redcloth.aliases == ("CVE-2023-31606", "GHSA-qcm3-vfq5-wfr2")
    assert (redcloth.published, redcloth.scores) == (
        "2023-06-06", (Score("rubysec", word="high"),),
    )  # fmt: skip
    # Nothing mends it: every version is affected.
    assert found["RUBYSEC-aescrypt-CVE-2013-7463"].affected == (
        Affected("RubyGems", "aescrypt", (Events(),)),
    )
    assert {a.ecosystem for each in found.values() for a in each.affected} == {"RubyGems", "Ruby"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a", "it names no gem and no engine"),
        ("a: [", "it is no YAML"),
        ("gem: 5", "it names no gem and no engine"),
        (b"gem: \xff", "it is not UTF-8"),
    ],
)
def test_what_is_no_advisory_of_rubysec(text: str | bytes, reason: str) -> None:
    assert reasons(read("rubysec", text, "gems/a/b.yml")) == [reason]
    assert read("rubysec", text, "LICENSE.txt") == []


def test_branches_of_php_advisories() -> None:
    found = advisories("friendsofphp")
    core = found["FOP-api-platform-core-CVE-2023-25575"]
    assert core.aliases == ("CVE-2023-25575",)
    (affected,) = core.affected
    assert (affected.ecosystem, affected.name) == ("Packagist", "api-platform/core")
    assert all("," in each for each in affected.native)
    assert len(affected.native) >= 2
    assert found["FOP-adodb-adodb-php-2018-03-06"].aliases == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("reference: npm://a", "it names no package of Composer"),
        ("reference: composer://a/b", "it has no affected versions"),
        ("reference: composer://a/b\nbranches: {x: {versions: []}}", "it has no affected versions"),
    ],
)
def test_what_is_no_advisory_of_php(text: str, reason: str) -> None:
    assert reasons(read("friendsofphp", text, "a/b/c.yaml")) == [reason]


def test_node_js_itself_its_dependencies_and_packages() -> None:
    found = advisories("nodejs")
    assert found["NSWG-CORE-1"].affected == (
        Affected(
            "Node.js", "node", native=("8.x || 7.x || 4.x || 6.x || 5.x",),
            unaffected=("^8.1.4 || ^7.10.1 || ^4.8.4 || ^6.11.1",),
        ),
    )  # fmt: skip
    assert found["NSWG-CORE-1"].aliases == ("CVE-2017-1000381",)
    assert found["NSWG-DEPS-1"].affected == (
        Affected("Node.js", "node", (Events(),), status="not_affected"),
    )
    package = found["NSWG-ECO-10"].affected[0]
    assert package.ecosystem == "npm"
    assert package.native
    assert any(s.vector for each in found.values() for s in each.scores)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("vuln/core/1.json", "{}", "it has no affected versions"),
        ("vuln/npm/1.json", "{}", "it has no id or names no package"),
        ("vuln/npm/1.json", '{"id": 1, "module_name": "a", "vulnerable_versions": "<0.0.0"}',
         "it has no affected versions"),
        ("vuln/core/1.json", "[]", "it is no JSON object"),
    ],
)  # fmt: skip
def test_what_is_no_advisory_of_node_js(name: str, text: str, reason: str) -> None:
    assert reasons(read("nodejs", text, name)) == [reason]
    assert read("nodejs", text, "vuln/npm/index.json") == []


def test_libraries_of_retire_js() -> None:
    found = advisories("retirejs")
    jquery = next(each for each in found.values() if "CVE-2011-4969" in each.aliases)
    assert jquery.aliases == ("CVE-2011-4969", "GHSA-579v-mp3v-rrw5")
    assert jquery.affected == (
        Affected("Retire.js", "jquery", (Events(fixed="1.6.3"),)),
        Affected("npm", "jquery", (Events(fixed="1.6.3"),)),
    )
    excluding = next(each for each in found.values() if each.affected[0].unaffected)
    assert excluding.affected[0].unaffected[0].startswith("=")
    angular = next(each for each in found.values() if "CVE-2020-7676" in each.aliases)
    assert angular.affected == (Affected("npm", "angular", (Events(fixed="1.8.0"),)),)


def test_a_library_of_retire_js_that_changed_its_name_on_npm_has_both() -> None:
    # GHSA-g68x-vvqq-pvw3 names npm's ckeditor; later ones could only be of ckeditor4.
    text = json.dumps({"ckeditor": {"extractors": {}, "vulnerabilities": [
        {"below": "4.9.2", "atOrAbove": "4.5.11"},
        {"below": "4.11.0", "identifiers": {"githubID": "GHSA-g68x-vvqq-pvw3"}},
    ]}})  # fmt: skip
    found = [each.affected for each in read("retirejs", text) if isinstance(each, Advisory)]
    names = [("Retire.js", "ckeditor"), ("npm", "ckeditor"), ("npm", "ckeditor4")]
    assert found == [
        tuple(Affected(*each, (Events("4.5.11", fixed="4.9.2"),)) for each in names),
        tuple(Affected(*each, (Events(fixed="4.11.0"),)) for each in names),
    ]


def test_pre_releases_of_libraries_of_retire_js_come_before_their_release() -> None:
    # CVE-2016-10707, RETIREJS-jquery-8; its own comparison has words before numbers.
    text = json.dumps({"jquery": {"extractors": {}, "vulnerabilities": [
        {"below": "3.0.0", "atOrAbove": "3.0.0-rc.1"}]}})  # fmt: skip
    (found,) = read("retirejs", text)
    assert isinstance(found, Advisory)
    scheme = scheme_of("Retire.js")
    assert scheme
    (span,) = spans.read(found.affected[0], scheme.key).spans
    version = scheme.key("3.0.0-rc1")
    assert version is not None
    assert span.lo <= version < span.hi


def test_odd_entries_of_retire_js() -> None:
    text = json.dumps({
        "a": {"vulnerabilities": [
            {"below": "999.999.9", "atOrAbove": "1.0"}, {}, 5,
            {"below": "2", "excludes": ["1.5"], "identifiers": {"CVE": ["CVE-XXXX-XXXX"]}},
        ]},
        "b": 5,
    })  # fmt: skip
    found = read("retirejs", text)
    assert [each.affected[0] for each in found if isinstance(each, Advisory)] == [
        Affected("npm", "a", (Events("1.0"),)),
        Affected("npm", "a", (Events(fixed="2"),), unaffected=("=1.5",)),
    ]
    assert reasons(found) == ["it has no affected versions"] * 2


def test_pages_of_endoflife() -> None:
    cycles = [each for each in sample("endoflife") if isinstance(each, Cycle)]
    debian = [each for each in cycles if each.product == "debian"]
    assert debian[0] == Cycle("debian", "13", "2025-08-09", "", "2028-08-09", "2030-06-30", "13.6")


def test_answers_of_endoflife() -> None:
    text = json.dumps({"result": [{"name": "nodejs", "releases": [
        {"name": "22", "releaseDate": "2024-04-24", "isEoas": True, "eoasFrom": "2025-10-21",
         "isEol": False, "eolFrom": "2027-04-30", "latest": {"name": "22.12.0"}},
        {"name": "23", "releaseDate": "2024-10-16", "isEol": True, "eolFrom": None}, {},
    ]}]})  # fmt: skip
    assert read("endoflife", text, "full.json")[:2] == [
        Cycle("nodejs", "22", "2024-04-24", "2025-10-21", "2027-04-30", "", "22.12.0"),
        Cycle("nodejs", "23", "2024-10-16", "", "yes", "", ""),
    ]
    one = json.dumps({"result": {"name": "nodejs", "releases": [{"name": "22"}]}})
    assert read("endoflife", one, "x.json") == [Cycle("nodejs", "22")]
    older = '[{"cycle": "3.12", "eol": "2028-10-31", "support": false, "latest": "3.12.4"}, {}]'
    assert read("endoflife", older, "python.json")[0] == Cycle(
        "python", "3.12", "", "no", "2028-10-31", "", "3.12.4"
    )


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("products/a.md", "no", "it has no YAML before its text"),
        ("products/a.md", "---\na: b\n---\n", "it has no releases"),
        ("products/a.md", "---\nreleases:\n- {}\n---\n", "a release has no cycle"),
        ("products/a.md", "---\na: [\n---\n", "it is no YAML"),
        ("a.json", "{}", "it has no products"),
        ("a.json", "{", "it is no JSON"),
    ],
)
def test_what_endoflife_does_not_write(name: str, text: str, reason: str) -> None:
    assert reasons(read("endoflife", text, name)) == [reason]
    assert read("endoflife", text, "a.txt") == []
    assert read("endoflife", text, "README.md") == []


def test_a_bound_of_retirejs_may_stand_where_pre_releases_begin() -> None:
    from seawall.advisories.feeds.retirejs import _bound

    npm = scheme_of("npm")
    assert npm is not None
    keys = [npm.key(each) for each in ("0.9.9", _bound("1.0.0-*"), "1.0.0-alpha", "1.0.0")]
    assert None not in keys
    assert keys == sorted(key for key in keys if key is not None)
    assert _bound("1.0.0") == "1.0.0"
    assert _bound(None) == ""
