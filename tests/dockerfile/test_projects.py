import pytest

from seawall.dockerfile.projects import (
    ProjectError,
    read_bake_hcl,
    read_bake_json,
    read_compose,
)


def test_compose() -> None:
    found = read_compose(
        """
services:
  short: {build: ./a}
  long:
    build:
      context: ${DIR:-b}
      dockerfile: ../x.Dockerfile
      target: ${TARGET}
      args: [A=1, B, "C=$$x"]
  inline:
    build:
      dockerfile_inline: |
        FROM x
      args: {M: 1, T: true, E: null}
  image: {image: x}
  remote: {build: "https://example.org/a.git#main"}
"""
    )
    short, long, inline, remote = found
    assert (short.name, short.context, short.dockerfile) == ("short", "a", "a/Dockerfile")
    assert (long.context, long.dockerfile, long.target) == ("b", "x.Dockerfile", "${TARGET}")
    assert long.arguments == {"A": "1", "B": None, "C": "$x"}
    assert long.unresolved == ("target",)
    assert inline.inline == "FROM x\n"
    assert inline.arguments == {"M": "1", "T": "true", "E": None}
    assert remote.remote
    assert remote.context == "https://example.org/a.git#main"


def test_compose_that_cannot_be_read() -> None:
    with pytest.raises(ProjectError, match="line 1"):
        read_compose("a: [")


HCL = """
# a comment
variable "TAG" { default = "v1" }
group "default" { targets = ["app"] }
target "base" {
  args = { A = "1", "B" = TAG, C : true }
  context = "./src"
}
target "app" {
  inherits   = ["base"]
  dockerfile = "docker/${TAG}.Dockerfile"
  target     = TAG == "v1" ? "a" : "b"
  args = { D = upper("x"), E = 1.5
    F = "$${x}" }
  tags = [for t in ["a"]: "x${t}"]
}
target "inline" {
  dockerfile-inline = <<-EOT
    FROM a
      RUN x
  EOT
}
function "f" {
  params = [a]
  result = a + 1
}
"""


def test_bake_hcl() -> None:
    base, app, inline = read_bake_hcl(HCL)
    assert base.arguments == {"A": "1", "B": "v1", "C": "true"}
    assert (app.context, app.dockerfile) == ("src", "src/docker/v1.Dockerfile")
    assert app.target == 'TAG == "v1" ? "a" : "b"'
    assert app.arguments == {
        "A": "1", "B": "v1", "C": "true", "D": None, "E": "1.5", "F": "${x}",
    }  # fmt: skip
    assert set(app.unresolved) == {"target", "args.D"}
    assert inline.inline == "FROM a\n  RUN x\n"


def test_bake_json() -> None:
    (found,) = read_bake_json(
        '{"variable": {"T": {"default": "q"}}, "target": {"x": {"context": "${T}/y",'
        ' "dockerfile": "D", "args": {"A": null, "B": "${Z}"}}}}'
    )
    assert (found.context, found.dockerfile) == ("q/y", "q/y/D")
    assert found.arguments == {"A": None, "B": None}
    assert found.unresolved == ("args.B",)


@pytest.mark.parametrize(
    "text", ["target {", "a = ", 'x "', "= 1", "a = [1", 'a = "\\q"', "a {" * 500]
)
def test_hcl_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ProjectError, match="line 1, column"):
        read_bake_hcl(text)


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000])
def test_json_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ProjectError):
        read_bake_json(text)


def test_targets_that_inherit_in_circles() -> None:
    found = read_bake_hcl('target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a", "c"] }')
    assert [one.name for one in found] == ["a", "b"]
    assert "inherits" in found[1].unresolved
