"""Names that vulture believes unused: parts of facts and interfaces that later domains read."""

from re2 import Options

from seawall.advisories.advisory import Cycle, Metadata
from seawall.core.edit import Safety
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.ignores import IgnoreFile, Matcher, parse_ignores
from seawall.dockerfile.ports import Ports
from seawall.dockerfile.stages import Build, CheckOptions, Config, Stage, Step, check_comment
from seawall.images.closure import closing, roots
from seawall.kubernetes.rbac_grants import PolicyRule
from seawall.kubernetes.schema import KindInfo
from seawall.mesh.authority.rotation import Progress
from seawall.packages import apk, dpkg, dpkg_files, os_identity, pacman, portage, rpm
from seawall.secrets import search as secret_search
from seawall.secrets.rules.rule import Rule as SecretRule
from seawall.secrets.verifying import variety
from seawall.sources.git.index import Stat
from seawall.sources.images.engines import images as engine_images
from seawall.sources.images.registry import resolving
from seawall.sources.images.walking import WalkedLayer
from seawall.text.dockerfile.mounts import Mount
from seawall.text.dockerfile.tokens import tokens
from seawall.text.dockerfile.tree import Directive, Dockerfile, Flag, Instruction, Pair
from seawall.text.shell.script import Command, Script, ShellWord

_ = (
    Progress.waits_for,  # sent as JSON
    Cycle.extended,
    Cycle.released,
    Cycle.support,
    Metadata.epss_model,
    Safety.SAFE,
    Safety.UNSAFE,
    KindInfo.namespaced,
    PolicyRule.grants_url,
    Stat.ctime,
    closing.closure,
    roots.MergedRoot,
    WalkedLayer.unpacked_size,
    engine_images.is_identity,
    engine_images.path_of,
    resolving.Image.config_descriptor,
    resolving.Images.manifest_at,
    SecretRule.revoke,
    secret_search.Search.candidates,
    variety.check_any,
)

__all__ = ("facts", "image_readers")


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


def image_readers() -> object:
    """What ``packages.image_formats`` names."""
    return (
        *(apk.read_repositories, dpkg.read_opkg, dpkg_files.read_list, dpkg_files.read_sums),
        *(dpkg_files.read_diversions, pacman.read_files, portage.read_files, rpm.read_sqlite),
        *(rpm.read_ndb, rpm.read_berkeley, rpm.read_manifest, os_identity.read_os_release),
        *(os_identity.read_lsb_release, os_identity.read_alpine_release),
        *(os_identity.read_debian_version, os_identity.read_release, os_identity.read_ubuntu_pro),
        os_identity.read_content_manifest,
    )


def expressions(options: Options) -> object:
    """What RE2 reads of the options that it is given (``secrets.custom.regex``)."""
    return options.max_mem
