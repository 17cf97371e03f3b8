from seawall.dockerfile.build import evaluate, parse_check_options
from seawall.dockerfile.references import BadReferenceError, parse_reference
from seawall.dockerfile.stages import DEFAULT, FIXED, UNKNOWN, Build, Stage, Step, Value
from seawall.text.dockerfile.parser import parse


def build(text: str) -> Build:
    return evaluate(parse(text.encode()))


def final(text: str) -> Stage:
    found = build(text)
    assert found.problem is None, found.problem
    assert found.final
    return found.final


def last(text: str) -> Step:
    return final(text).steps[-1]


class TestChains:
    def test_a_stage_inherits_from_the_one_below(self) -> None:
        stage = final(
            "FROM a AS base\nENV A=1\nARG B=2\nUSER app\nWORKDIR /x\nSHELL [\"bash\"]\n"
            "ENTRYPOINT [\"e\"]\nCMD [\"c\"]\nLABEL l=m\nEXPOSE 80\nVOLUME /v\n"
            "FROM base\nWORKDIR y\nRUN z\n"
        )  # fmt: skip
        step = stage.steps[-1]
        assert (step.user.text, step.workdir.text, step.shell) == ("app", "/x/y", ("bash",))
        assert (step.environment.get("A"), step.environment.get("B")) == ("1", "2")
        assert stage.config.labels == {"l": Value("m")}
        assert [ports.first for ports in stage.config.ports] == [80]
        assert list(stage.config.volumes) == ["/v"]
        assert stage.config.entrypoint
        assert stage.config.command
        assert [one.label for one in stage.chain()] == ["stage-1", "base"]

    def test_copy_from_inherits_nothing(self) -> None:
        step = last("FROM a AS base\nENV A=1\nUSER app\nFROM b\nCOPY --from=base /x /y\n")
        assert step.environment.get("A") is None
        assert isinstance(step.source, Stage)

    def test_an_entrypoint_forgets_the_command_below(self) -> None:
        assert final('FROM a AS b\nCMD ["c"]\nFROM b\nENTRYPOINT ["e"]\n').config.command is None
        assert final('FROM a\nCMD ["c"]\nENTRYPOINT ["e"]\n').config.command

    def test_copy_finds_stages_in_any_case_and_by_number(self) -> None:
        for name in ("BUILD", "0"):
            step = last(f"FROM a AS build\nFROM b\nCOPY --from={name} x y\n")
            assert isinstance(step.source, Stage)
            assert step.source.name == "build"

    def test_other_names_are_images(self) -> None:
        source = last("FROM a\nCOPY --from=registry.example.org/b:1 x y\n").source
        assert source
        assert not isinstance(source, Stage)
        assert (source.domain, source.path, source.tag) == ("registry.example.org", "b", "1")

    def test_the_last_stage_of_a_name_before_its_use_counts(self) -> None:
        found = build("FROM a AS x\nFROM b AS x\nFROM x\n")
        assert found.stages[2].base is found.stages[1]

    def test_what_the_final_stage_needs(self) -> None:
        found = build(
            "FROM a AS one\nFROM b AS two\nFROM c AS unused\nFROM one AS three\n"
            "RUN --mount=type=bind,from=two,target=/m x\nFROM d\nCOPY --from=three x y\n"
        )
        assert found.needed() == {0, 1, 3, 4}

    def test_triggers_run_in_the_stage_above(self) -> None:
        found = build("FROM a AS base\nONBUILD ENV A=1\nFROM base\nRUN x\n")
        assert [(step.name, step.triggered) for step in found.stages[1].steps] == [
            ("ENV", True), ("RUN", False),
        ]  # fmt: skip
        assert found.stages[1].config.environment["A"].text == "1"

    def test_circles(self) -> None:
        found = build("FROM a AS x\nCOPY --from=y b c\nFROM a AS y\nCOPY --from=x b c\n")
        assert found.problem
        assert found.problem.reason == "circular dependency detected on stage: x"
        assert found.problem.line in {2, 4}


class TestValues:
    def test_certainty(self) -> None:
        stage = final(
            "ARG G=g\nARG H\nFROM a\nENV A=1\nARG B=2\nARG G\nARG H\n"
            "LABEL a=$A b=$B c=$G d=$H e=$PATH f=$B$A\n"
        )
        certainties = {key: value.certainty for key, value in stage.config.labels.items()}
        assert certainties == {
            "a": FIXED, "b": DEFAULT, "c": DEFAULT, "d": UNKNOWN, "e": UNKNOWN, "f": DEFAULT,
        }  # fmt: skip

    def test_global_arguments_are_for_from_only(self) -> None:
        found = build("ARG TAG=1\nFROM a:$TAG\nRUN x\nLABEL l=$TAG\n")
        stage = found.stages[0]
        assert stage.image
        assert stage.image.tag == "1"
        assert stage.base_name.certainty == DEFAULT
        assert stage.steps[-1].undefined == ("TAG",)

    def test_an_instruction_sees_the_values_before_it(self) -> None:
        assert final("FROM a\nENV A=1\nENV A=2 B=$A\n").config.environment["B"].text == "1"

    def test_the_environment_of_each_step(self) -> None:
        stage = final("FROM a\nRUN x\nENV A=1\nRUN y\nENV A=2\nRUN z\n")
        runs = [step for step in stage.steps if step.name == "RUN"]
        assert [step.environment.get("A") for step in runs] == [None, "1", "2"]

    def test_problems_that_the_base_image_may_solve(self) -> None:
        found = build("FROM a\nVOLUME $DATA\n")
        assert found.problem
        assert not found.problem.certain
        sure = build("FROM scratch\nSTOPSIGNAL nothing\n").problem
        assert sure
        assert sure.certain

    def test_where_variables_stand(self) -> None:
        step = last("FROM a\nENV X=1\nUSER a${X:-b}\n")
        ((reference,),) = step.references
        assert (reference.name, reference.modifier, reference.start, reference.end) == (
            "X", ":-", 1, 8,
        )  # fmt: skip

    def test_workdirs_under_an_unknown_one_are_not_sure(self) -> None:
        assert final("FROM a\nWORKDIR x\n").config.workdir == Value("/x", UNKNOWN)
        assert final("FROM scratch\nWORKDIR x\n").config.workdir == Value("/x", FIXED)
        assert final("FROM a\nWORKDIR /y\nWORKDIR x\n").config.workdir == Value("/y/x", FIXED)


class TestMounts:
    def test_defaults(self) -> None:
        step = last(
            "FROM a\nENV D=/x\nRUN --mount=type=cache,target=$D --mount=type=secret,id=s,env=T "
            "--mount=type=tmpfs,target=/t,size=1.5m --mount=from=b,target=/u true\n"
        )
        cache, secret, memory, bind = step.mounts
        assert (cache.type, cache.target, cache.readonly) == ("cache", "/x", False)
        assert (secret.id, secret.environment) == ("s", "T")
        assert memory.size == 1_572_864
        assert (bind.type, bind.source_stage, bind.readonly) == ("bind", "b", True)
        assert step.mount_sources[3] == parse_reference("b")


def test_references() -> None:
    found = parse_reference("ubuntu:24.04@sha256:" + "a" * 64)
    assert (found.name, found.domain, found.path) == ("ubuntu", "docker.io", "library/ubuntu")
    assert (found.tag, found.digest[:7]) == ("24.04", "sha256:")
    assert parse_reference("localhost:5000/x/y").domain == "localhost:5000"
    for text in ("A", "a:", "a@sha256:1", "a" * 64, "", "a//b"):
        try:
            parse_reference(text)
        except BadReferenceError:
            continue
        raise AssertionError(text)


def test_check_options() -> None:
    options = parse_check_options("skip=A,B;error=true;experimental=all")
    assert (options.skip, options.error, options.experimental_all) == (("A", "B"), True, True)


def test_a_refused_file_still_has_its_stages() -> None:
    found = build("FROM a\nUSER\nRUN b\nFROM c AS 1\nRUN d\n")
    assert found.problem
    assert [[step.name for step in stage.steps] for stage in found.stages] == [["RUN"], ["RUN"]]
