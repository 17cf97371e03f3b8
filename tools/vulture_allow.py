"""Names that vulture believes unused: parts of facts and interfaces that later domains read."""

from seawall.advisories.advisory import Cycle, Metadata
from seawall.core.edit import Safety
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.ignores import IgnoreFile, Matcher, parse_ignores
from seawall.dockerfile.ports import Ports
from seawall.dockerfile.stages import Build, CheckOptions, Config, Stage, Step, check_comment
from seawall.kubernetes.rbac_grants import PolicyRule
from seawall.kubernetes.schema import KindInfo
from seawall.sources.git.index import Stat
from seawall.sources.images.engines import images as engine_images
from seawall.sources.images.engines import places
from seawall.sources.images.registry import resolving
from seawall.sources.images.registry.pushing import Pusher
from seawall.text.dockerfile.mounts import Mount
from seawall.text.dockerfile.tokens import tokens
from seawall.text.dockerfile.tree import Directive, Dockerfile, Flag, Instruction, Pair
from seawall.text.shell.script import Command, Script, ShellWord

_ = (
    Cycle.extended,
    Cycle.released,
    Cycle.support,
    Metadata.epss_model,
    Safety.SAFE,
    Safety.UNSAFE,
    KindInfo.namespaced,
    PolicyRule.grants_url,
    Stat.ctime,
    engine_images.is_identity,
    engine_images.path_of,
    places.engines,
    Pusher,
    resolving.Image.config_descriptor,
    resolving.Images.manifest_at,
)

__all__ = ("facts",)


def facts(
    build: Build, stage: Stage, step: Step, config: Config, file: Dockerfile, one: Instruction
) -> object:
    """What the rules for Dockerfiles read; the facts come before them."""
    return (
        *(evaluate, tokens, check_comment, parse_ignores),
        *(build.check_options, build.needed, build.find, config.author, step.mount_sources),
        *(stage.undefined_arguments, stage.default_image_problem, stage.platform_matched),
        *(CheckOptions.skip, CheckOptions.skip_all, CheckOptions.experimental),
        *(CheckOptions.experimental_all, CheckOptions.error, IgnoreFile.has_negations),
        *(IgnoreFile.excludes, Matcher.is_expression, Ports.written_protocol),
        *(Mount.readonly, Mount.uid, Mount.gid),
        *(one.blank_lines, one.source_end_line, file.syntax, Pair.legacy),
        *(Flag.value_start, Directive.value_start, Directive.value_end),
        *(ShellWord.editable, Command.top_level, Script.is_shell),
    )
