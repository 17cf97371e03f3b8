"""Manifests get proxies and lose them again: the author's bytes come back."""

import json
import re
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.kubernetes.schema import load as load_schema
from seawall.mesh.injection import changing, manifests
from seawall.mesh.injection.changing import INJECTED, PROBES_OF, UNDO
from seawall.mesh.injection.errors import ManifestError
from seawall.mesh.injection.parts import AGENT, INIT, PROXY, TOKEN
from seawall.mesh.injection.pods import TEMPLATES
from seawall.mesh.injection.settings import Agent, By, Settings
from seawall.text.values import at, mapping, sequence, text
from tests.mesh.injection.samples import POD, SETTINGS, WEB, manifests_of_a_clone, values
from tests.shared import CORPUS, corpus_files, needs_shared

CLONE = manifests_of_a_clone()


def inject(given_: str, own: Settings = SETTINGS) -> str:
    result = manifests.inject(given_, "web.yaml", own)
    assert not result.refused
    return result.text


def uninject(given_: str) -> str:
    return manifests.uninject(given_, "web.yaml").text


def names(spec: object, key: str) -> list[str]:
    return [text(item, "name") for item in sequence(spec, key)]  # type: ignore[arg-type]


def test_a_deployment() -> None:
    injected = inject(WEB)
    (value,) = values(injected)
    pod = mapping(value, "spec", "template")
    spec = mapping(pod, "spec")
    assert names(spec, "initContainers") == [INIT, PROXY, "wait"]
    assert at(spec, "initContainers", 1, "restartPolicy") == "Always"
    assert at(spec, "initContainers", 0, "securityContext", "capabilities") == {
        "add": ["NET_ADMIN"], "drop": ["ALL"],
    }  # fmt: skip
    assert TOKEN not in names(spec, "volumes")  # the node's agent has one
    annotations = mapping(pod, "metadata", "annotations")
    assert re.fullmatch("sha256:[0-9a-f]{64}", text(annotations, INJECTED))
    assert json.loads(text(annotations, PROBES_OF)) == {
        "/probe/web/readiness": {"port": 8080, "httpGet": {"path": "/ready", "port": "http"}},
        "/probe/web/liveness": {"port": 8080, "tcpSocket": {"port": 8080}},
    }
    container = mapping(spec, "containers", 0)
    for kind in ("liveness", "readiness"):
        assert container[f"{kind}Probe"] == {
            "httpGet": {"path": f"/probe/web/{kind}", "port": 15021}
        }


def test_the_token_of_a_sidecar_that_is_an_agent() -> None:
    (value,) = values(inject(WEB, SETTINGS._replace(agent=Agent.SIDECAR)))
    volumes = at(value, "spec", "template", "spec", "volumes")
    assert isinstance(volumes, list)
    (token,) = [one for one in volumes if text(one, "name") == TOKEN]
    assert at(token, "projected", "sources", 0, "serviceAccountToken") == {
        "audience": "seawall-mesh", "expirationSeconds": 3600, "path": "token",
    }  # fmt: skip


def test_the_authors_text_stays() -> None:
    """Each line that is not of a probe is there as it was, in its order."""
    lines = iter(inject(WEB).splitlines())
    for line in WEB.splitlines():
        if "httpGet" not in line and "tcpSocket" not in line and line.strip() != "port: 8080":
            assert any(line == other for other in lines), line


def test_comments_of_the_first_init_container_stay_with_it() -> None:
    assert "      # waits for orders\n      - name: wait\n" in inject(WEB)


def test_it_is_idempotent_and_comes_back() -> None:
    injected = inject(WEB)
    assert inject(injected) == injected
    assert uninject(injected) == WEB
    assert uninject(WEB) == WEB


def test_other_settings_replace_the_old_ones() -> None:
    own = SETTINGS._replace(redirect=By.AGENT, agent=Agent.SIDECAR)
    assert inject(inject(WEB), own) == inject(WEB, own)
    (value,) = values(inject(WEB, own))
    spec = mapping(value, "spec", "template", "spec")
    assert names(spec, "initContainers") == [PROXY, "wait"]
    assert "hostPath" not in inject(WEB, own)
    assert SETTINGS.controller in inject(WEB, own)


def test_what_was_edited_since_is_kept() -> None:
    edited = inject(WEB).replace("web:1.4.2", "web:1.5.0").replace("# quick", "# slow")
    edited += "# the end\n"
    gone = uninject(edited)
    assert values(gone) == values(WEB.replace("web:1.4.2", "web:1.5.0"))
    assert "# slow" in gone
    assert "# the end" in gone
    assert "seawall" not in gone
    again = inject(edited)
    assert inject(again) == again
    assert uninject(again) == gone


def test_a_record_that_was_tampered_with_is_not_believed() -> None:
    injected = inject(WEB)
    forged = injected.replace('\\"back\\":[[', '\\"back\\":[[0,5,\\"x\\"],[')
    assert forged != injected
    assert values(uninject(forged)) == values(WEB)
    for odd in ("[]", "{}", '{\\"version\\":1}', "nothing", "[" * 2000):
        broken = re.sub(rf'{UNDO}: ".*"\n', lambda _, odd=odd: f'{UNDO}: "{odd}"\n', injected)  # type: ignore[misc]
        assert values(uninject(broken)) == values(WEB), odd


def test_documents_that_have_no_pods_stay() -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    whole = f"# head\n---\n{other}---\n{WEB}---\n{other}...\n---\n# nothing\n"
    injected = inject(whole)
    assert injected.startswith(f"# head\n---\n{other}---\n# The web.\n")
    assert uninject(injected) == whole
    result = manifests.inject(other, "a.yaml", SETTINGS)
    assert (result.text, result.pods, result.changed) == (other, 0, ())


def test_a_list_of_objects() -> None:
    inner = "".join(f"    {line}\n" for line in POD.splitlines())
    one = f"  -\n{inner}"
    whole = f"apiVersion: v1\nkind: List\nitems:\n{one}{one.replace('name: web', 'name: other')}"
    injected = inject(whole)
    (value,) = values(injected)
    for index in range(2):
        assert PROXY in names(at(value, "items", index, "spec"), "initContainers")
    assert injected.count(UNDO) == 1
    assert inject(injected) == injected
    assert uninject(injected) == whole


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_kinds(kind: str) -> None:
    value: object = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "securityContext": {"runAsNonRoot": True},
            "containers": [{"name": "web", "image": "registry.example.org/web:1"}],
        },
    }
    path = TEMPLATES[kind]
    for step in reversed(path):
        value = {step: value}
    assert isinstance(value, dict)
    group = {"CronJob": "batch/v1", "Job": "batch/v1"}.get(kind, "apps/v1" if path else "v1")
    whole = json.dumps({"apiVersion": group, "kind": kind, **value}, indent=2)
    injected = inject(whole)
    json.loads(injected)
    (after,) = values(injected)
    assert names(at(after, *path, "spec"), "initContainers") == [INIT, PROXY]
    assert AGENT in names(at(after, *path, "spec"), "volumes")
    assert uninject(injected) == whole


def test_kinds_of_other_groups_are_left_alone() -> None:
    other = WEB.replace("apps/v1", "serving.example.org/v1")
    assert manifests.inject(other, "a.yaml", SETTINGS).pods == 0


@pytest.mark.parametrize(
    "manner",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n# end",
        lambda text: text.replace("# quick", "# schnell, große Eile \u2028"),
        lambda text: "%YAML 1.1\n---\n" + text,
        lambda text: text.replace("  name: web\nspec", "  name: web\n  annotations:\nspec"),
        lambda text: text.replace("  name: web\nspec", "  name: web\n  annotations: {}\nspec"),
        lambda text: text.replace("  name: web\nspec", "  {name: web}\nspec").replace(
            "metadata:\n  {", "metadata: {"
        ),
        lambda text: text + "      volumes:\n",
        lambda text: text + "      volumes: []\n",
        lambda text: text + "      volumes: [{name: a, emptyDir: {}}]\n",
    ],
)
def test_manners(manner: object) -> None:
    assert callable(manner)
    whole = manner(WEB)
    injected = inject(whole)
    assert inject(injected) == injected
    assert uninject(injected) == whole


def test_what_cannot_be_edited_is_refused() -> None:
    shared = WEB.replace("securityContext: {", "securityContext: &s {").replace(
        "      - name: web ", "      - securityContext: *s\n        name: web "
    )
    assert inject(shared)  # the anchor is elsewhere
    whole = WEB.replace("    spec:\n", "    spec: &s\n") + "other: *s\n"
    with pytest.raises(ManifestError, match=r"web.yaml:1: .* anchor, &s.*; write it"):
        inject(whole)


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ("a: [", r"web.yaml:1:\d+: .*; correct it"),
        ("ok: 1\n---\na: b: c\n", r"web.yaml:3:\d+: .*; correct it"),
        ("spec: {{ .Values.web }}\n  a: {{ b }}\n", "templates are to be rendered first"),
    ],
)
def test_what_cannot_be_read_is_told(whole: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        inject(whole)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ManifestError, match="save it as UTF-8"):
        manifests.decoded(b"a: \xff", "web.yaml")
    with pytest.raises(ManifestError, match="split it"):
        manifests.decoded(b" " * (manifests.LARGEST + 1), "web.yaml")


def test_a_refusal_names_its_place_and_leaves_the_rest_alone() -> None:
    refused = WEB.replace("{runAsNonRoot: true}", "{runAsNonRoot: true}\n      hostNetwork: true")
    result = manifests.inject(f"{WEB}---\n{refused}", "web.yaml", SETTINGS)
    assert result.text == f"{WEB}---\n{refused}"
    assert [str(told) for told in result.refused] == [
        (
            "web.yaml:40: Deployment/web: the pod uses the node's network; remove hostNetwork, or "
            "keep the pod in a namespace outside the mesh"
        )
    ]


def comes_back(whole: str) -> bool:
    """Whether a file has pods that were injected; then all that must hold does."""
    try:
        result = manifests.inject(whole, "a.yaml", SETTINGS)
    except ManifestError:
        return False
    if result.refused or not result.pods:
        assert result.text == whole
        return False
    again = manifests.inject(result.text, "a.yaml", SETTINGS)
    assert (again.text, again.changed) == (result.text, ())
    assert manifests.uninject(result.text, "a.yaml").text == whole
    # Without the record what they say comes back, if not how they say it.
    forgotten = result.text.replace(UNDO, "example.org/was-undo")
    bare = manifests.uninject(forgotten, "a.yaml")
    assert PROXY not in bare.text.replace(f'{PROXY}"', "")
    return True


@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.full), 5], ids=["all", "each fifth"]
)
def test_examples_of_rules_come_back(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(changing, "refusals", lambda *_: [])
    assert sum(comes_back(whole) for _, whole in CLONE[::step]) > 200 / step


def problems(whole: str) -> list[str]:
    """What the schema of Kubernetes has against the objects of a file."""
    schema = load_schema()
    return [
        problem.message
        for value in values(whole)
        if isinstance(value, dict)
        for problem in schema.validate(value)
    ]


@pytest.mark.parametrize("way", [*product(By, Agent)], ids=str)
def test_what_is_put_in_is_valid(monkeypatch: pytest.MonkeyPatch, way: tuple[By, Agent]) -> None:
    monkeypatch.setattr(changing, "refusals", lambda *_: [])
    own = SETTINGS._replace(redirect=way[0], agent=way[1])
    for _, whole in [("", WEB), ("", POD), *CLONE[::25]]:
        try:
            result = manifests.inject(whole, "a.yaml", own)
        except ManifestError:
            continue
        if not result.refused:
            assert sorted(problems(result.text)) == sorted(problems(whole))


@pytest.mark.full
@needs_shared
def test_the_corpus_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "refusals", lambda *_: [])
    count = 0
    for name in corpus_files():
        if name.endswith((".yaml", ".yml", ".json")):
            data = (CORPUS / name).read_bytes()
            try:
                count += comes_back(manifests.decoded(data, name))
            except ManifestError:
                continue
    assert count > 300


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """An injected manifest in which lines were lost, doubled or changed."""
    _, whole = draw(st.sampled_from(CLONE))
    lines = whole.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1)) if lines else 0
        kind = draw(st.sampled_from(["lose", "double", "odd"]))
        if kind == "lose":
            del lines[place : place + 1]
        elif kind == "double":
            lines.insert(place, lines[place] if lines else "a: 1\n")
        else:
            odd = draw(st.sampled_from(["null\n", " []\n", " {}\n", "- 1\n", "? a\n", " &a b\n"]))
            lines[place : place + 1] = [lines[place].rstrip("\n") + odd] if lines else [odd]
    return "".join(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(broken_texts())
def test_odd_texts_raise_nothing_else(monkeypatch: pytest.MonkeyPatch, whole: str) -> None:
    monkeypatch.setattr(changing, "refusals", lambda *_: [])
    comes_back(whole)


@settings(deadline=None)
@given(st.data())
def test_injected_texts_that_were_changed_raise_nothing_else(data: st.DataObject) -> None:
    lines = inject(WEB).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        del lines[data.draw(st.integers(0, len(lines) - 1))]
    changed = "".join(lines)
    try:
        uninject(changed)
        result = manifests.inject(changed, "web.yaml", SETTINGS)
    except ManifestError:
        return
    if not result.refused:
        assert inject(result.text) == result.text
