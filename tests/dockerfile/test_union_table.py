"""What the field checks in Dockerfiles, row by row: each is a rule of ours or says why it is none.

The rows are the practices that Docker names, the checks of BuildKit, hadolint, Trivy, Dockle,
docker-bench, checkov, KICS and mint, and what nobody else checks. The ids of those tools whose
lists are part of the program are held by tests/test_catalogue.py.
"""

import pytest

from seawall import catalogue
from seawall.dockerfile.rules import all_rules

ROWS = {
    "syntax and structure": """
        dockerfile-syntax instruction-before-from empty-continuation instruction-casing
        from-as-casing stage-name-casing stage-name-duplicate stage-name-reserved
        stage-unnamed-reference stage-unreachable stage-cycle copy-from-self copy-from-unknown
        copy-dest-slash copy-dest-relative copy-whole-rootfs copy-ignored arg-undefined-in-from
        arg-default-invalid var-undefined env-self-reference legacy-key-value maintainer-deprecated
        onbuild-invalid onbuild-used multiple-cmd multiple-entrypoint multiple-healthcheck
        cmd-exec-form exec-form-malformed entrypoint-cmd-mix workdir-relative workdir-system-dir
        expose-format expose-proto-casing expose-range expose-ssh-port expose-privileged-port
        platform-constant platform-redundant platform-mismatch definition-description
        syntax-unpinned unknown-run-flag
    """,
    "base images and supply chain": """
        base-image-no-tag base-image-latest base-image-not-pinned base-image-digest-mismatch
        base-image-untrusted base-image-eol base-image-outdated base-image-not-minimal
        add-remote-no-checksum download-unverified pipe-to-shell download-http-plain
        tls-verify-disabled signature-check-disabled
    """,
    "users and privileges": """
        user-missing user-root user-not-numeric user-undefined group-root sudo-used su-used
        useradd-large-uid password-set setuid-set world-writable app-files-writable-by-runtime-user
        run-insecure run-network-host user-flapping volume-sensitive docker-socket
        shell-in-final-stage package-manager-in-final-stage
    """,
    "packages": """
        apt-update-alone apt-install-without-update apt-no-yes yum-no-yes dnf-no-yes zypper-no-yes
        apk-no-yes apt-recommends apt-lists-left apt-cli apt-unpinned apk-unpinned yum-unpinned
        dnf-unpinned zypper-unpinned pip-unpinned npm-unpinned yarn-unpinned pnpm-unpinned
        gem-unpinned go-unpinned cargo-unpinned pkg-upgrade apk-cache yum-clean dnf-clean
        zypper-clean pip-cache yarn-cache npm-cache go-cache pip-root-no-venv npm-install-not-ci
        debug-package-installed build-tools-in-final-stage package-list-unsorted
        package-list-duplicate debian-frontend-env
    """,
    "shell": """
        run-cd pointless-command wget-and-curl wget-progress shell-relinked pipefail-missing
        heredoc-no-errexit run-consecutive rm-in-separate-layer archive-copy-extract
    """,
    "credentials": """
        secret-in-image-env secret-in-arg secret-in-run secret-file-copied secret-env-not-removed
    """,
    "labels and the rest": """
        label-key-format label-required label-type label-strict add-instead-of-copy
        healthcheck-missing dockerignore-missing dockerignore-incomplete
        ignore-pragma-without-reason cache-busting-copy-order write-after-volume too-many-layers
        volume-unneeded
    """,
    "what Docker's best practices add": """
        duplicate-stage-prefix multiple-services copy-only-for-run entrypoint-script-no-exec
    """,
}
ELSEWHERE = {
    # Rows that are no rule of this name, and where they are.
    "cmd-params-without-entrypoint": ("entrypoint-cmd-mix", "both ask what CMD means"),
    "secret-in-env": ("secret-in-image-env", "Kubernetes has a rule about containers' env"),
    "sh-errors": ("sh-unquoted-variable", "one rule for each of ShellCheck's checks that counts"),
    "image-stale": ("base-image-outdated", "an image's age is no fact of a Dockerfile"),
    "volume unneeded": ("volume-unneeded", "a row without a name"),
    "long RUN lines": ("", "the length of a line does no harm; formatters break lines"),
    "ephemeral containers": ("", "nothing in a file tells whether a container can be thrown away"),
    "build and test in CI": ("", "about a project's CI, not about a Dockerfile"),
}
DEFAULT = "security"
QUIET = """
    apt-unpinned apk-unpinned yum-unpinned dnf-unpinned zypper-unpinned healthcheck-missing
    base-image-untrusted wget-progress run-consecutive definition-description
    ignore-pragma-without-reason shell-in-final-stage package-manager-in-final-stage
    base-image-not-minimal
"""
"""What no profile but ``all`` runs: pins that rot, health checks, what needs a list or taste."""

OTHER_IDS = {
    "docker-bench": "4.1 4.2 4.3 4.4 4.6 4.7 4.8 4.9 4.10 4.11",
    "kics": """
        apk_add_using_local_cache_path changing_default_shell_using_run_command chown_flag_exists
        curl_or_wget_instead_of_add image_version_not_explicit image_version_using_latest
        last_user_is_root missing_user_instruction multiple_run_add_copy_instructions_listed
        run_using_sudo
        run_using_upgrade_commands shell_running_a_pipe_without_pipefail_flag use_of_apk_upgrade
        using_unnamed_build_stages yum_update_disabled
    """,
    "mint": """
        ID.10001 ID.10002 ID.20006 ID.20008 ID.20010 ID.20011 ID.20012 ID.20013 ID.20015 ID.20017
        ID.20018 ID.20019 ID.20020 ID.20021 ID.20022
    """,
}
NO_RULE = {
    "docker-bench:4.5": "about a variable of the machine that pulls images",
    "docker-bench:4.12": "about the signature of the built image, which no Dockerfile shows",
    "kics:vulnerable_openssl_version": "which version of a package is vulnerable, a scan of "
    "packages tells for all of them",
    **{
        f"mint:ID.{number}": "about the structure of the file: dockerfile-syntax says BuildKit's "
        "own reason"
        for number in (20000, 20001, 20002, 20003, 20004, 20005, 20007, 20009, 20014, 20016)
    },
}


@pytest.mark.parametrize("part", ROWS)
def test_every_row_is_a_rule(part: str) -> None:
    ours = {rule.id for rule in all_rules()}
    assert not set(ROWS[part].split()) - ours


def test_what_is_elsewhere_is_there_and_has_a_reason() -> None:
    ours = {rule.id for rule in all_rules()}
    for row, (rule, reason) in ELSEWHERE.items():
        assert row not in ours
        assert reason
        assert not rule or rule in ours


def test_rules_that_are_noise_to_most_are_in_no_profile_that_people_begin_with() -> None:
    by_id = {rule.id: rule for rule in all_rules()}
    assert not [id_ for id_ in QUIET.split() if by_id[id_].profile != "opt-in"]
    assert by_id["user-missing"].profile == DEFAULT
    assert by_id["user-missing"].severity.label == "high"


@pytest.mark.parametrize("tool", OTHER_IDS)
def test_other_ids_are_aliases(tool: str) -> None:
    missing = [id_ for id_ in OTHER_IDS[tool].split() if not catalogue.look_up(f"{tool}:{id_}")]
    assert not missing


def test_ids_without_a_rule_have_none() -> None:
    for id_, reason in NO_RULE.items():
        assert reason
        assert not catalogue.look_up(id_)
