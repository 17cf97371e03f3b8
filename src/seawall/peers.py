"""Every rule of the tools that seawall stands in for; facts for ``seawall rules --coverage``.

Read from their sources: kubesec a59caad, kube-score 06dedc9, kube-linter 35de568 (built-in checks),
hadolint 8f936c5, BuildKit 73ed682, Trivy (trivy-checks 80e5382), checkov 03d5fda, Dockle 35171cc.
hadolint has ShellCheck within: of its many ids those stand here that seawall has a rule for.
"""


def _numbered(form: str, *ranges: tuple[int, int]) -> str:
    """Ids that differ by their number, from one to another of each range."""
    return " ".join(
        form.format(number) for first, last in ranges for number in range(first, last + 1)
    )


PEER_RULES: dict[str, tuple[str, ...]] = {
    tool: tuple(ids.split())
    for tool, ids in (
        (
            "kubesec",
            """
            AllowPrivilegeEscalation ApparmorAny ApparmorUnconfined AutomountServiceAccountToken
            BindingsToSystemAnonymous CapDropAll CapDropAny CapSysAdmin DockerSock HostAliases
            HostIPC HostNetwork HostPID HostUsers LimitsCPU LimitsMemory Privileged ProcMount
            ReadOnlyRootFilesystem RequestsCPU RequestsMemory RunAsGroup RunAsNonRoot RunAsUser
            SeccompAny SeccompUnconfined SecretsAsEnvironmentVariables ServiceAccountName
            VolumeClaimAccessModeReadWriteOnce VolumeClaimRequestsStorage
            """,
        ),
        (
            "kube-score",
            """
            container-cpu-requests-equal-limits container-ephemeral-storage-request-and-limit
            container-ephemeral-storage-request-equals-limit container-image-pull-policy
            container-image-tag container-memory-requests-equal-limits container-ports-check
            container-resource-requests-equal-limits container-resources
            container-seccomp-profile container-security-context-privileged
            container-security-context-readonlyrootfilesystem
            container-security-context-user-group-id cronjob-has-deadline cronjob-restartpolicy
            deployment-has-host-podantiaffinity deployment-has-poddisruptionbudget
            deployment-pod-selector-labels-match-template-metadata-labels deployment-replicas
            deployment-strategy deployment-targeted-by-hpa-does-not-have-replicas-configured
            environment-variable-key-duplication horizontalpodautoscaler-has-target
            horizontalpodautoscaler-replicas ingress-targets-service label-values
            networkpolicy-targets-pod pod-networkpolicy pod-probes pod-probes-identical
            pod-topology-spread-constraints poddisruptionbudget-has-policy service-targets-pod
            service-type stable-version statefulset-has-host-podantiaffinity
            statefulset-has-poddisruptionbudget statefulset-has-servicename
            statefulset-pod-selector-labels-match-template-metadata-labels
            """,
        ),
        (
            "kube-linter",
            """
            access-to-create-pods access-to-secrets cluster-admin-role-binding
            dangling-horizontalpodautoscaler dangling-ingress dangling-networkpolicy
            dangling-networkpolicypeer-podselector dangling-service dangling-servicemonitor
            default-service-account deprecated-service-account-field dnsconfig-options
            docker-sock drop-net-raw-capability duplicate-env-var env-value-from env-var-secret
            exposed-services host-ipc host-network host-pid hpa-minimum-three-replicas
            invalid-target-ports job-ttl-seconds-after-finished latest-tag liveness-port
            minimum-three-replicas mismatching-selector no-anti-affinity no-extensions-v1beta
            no-liveness-probe no-node-affinity no-read-only-root-fs no-readiness-probe
            no-rolling-update-strategy non-existent-service-account non-isolated-pod
            pdb-max-unavailable pdb-min-available pdb-unhealthy-pod-eviction-policy
            priority-class-name privilege-escalation-container privileged-container
            privileged-ports read-secret-from-env-var readiness-port required-annotation-email
            required-label-owner restart-policy run-as-non-root scc-deny-privileged-container
            schema-validation sensitive-host-mounts sorted-keys ssh-port startup-port
            unsafe-proc-mount unsafe-sysctls unset-cpu-requirements unset-memory-requirements
            use-namespace wildcard-in-rules writable-host-mount
            """,
        ),
        (
            "buildkit",
            """
            ConsistentInstructionCasing CopyIgnoredFile DuplicateStageName ExposeInvalidFormat
            ExposeProtoCasing FromAsCasing FromPlatformFlagConstDisallowed InvalidBaseImagePlatform
            InvalidDefaultArgInFrom InvalidDefinitionDescription JSONArgsRecommended
            LegacyKeyValueFormat MaintainerDeprecated MultipleInstructionsDisallowed
            NoEmptyContinuation RedundantTargetPlatform ReservedStageName SecretsUsedInArgOrEnv
            StageNameCasing UndefinedArgInFrom UndefinedVar WorkdirRelativePath
            """,
        ),
        (
            "hadolint",
            """
            DL1000 DL1001 DL3000 DL3001 DL3002 DL3003 DL3004 DL3006 DL3007 DL3008 DL3009 DL3010
            DL3011 DL3012 DL3013 DL3014 DL3015 DL3016 DL3018 DL3019 DL3020 DL3021 DL3022 DL3023
            DL3024 DL3025 DL3026 DL3027 DL3028 DL3029 DL3030 DL3032 DL3033 DL3034 DL3035 DL3036
            DL3037 DL3038 DL3040 DL3041 DL3042 DL3043 DL3044 DL3045 DL3046 DL3047 DL3048 DL3049
            DL3050 DL3051 DL3052 DL3053 DL3054 DL3055 DL3056 DL3057 DL3058 DL3059 DL3060 DL3061
            DL3062 DL3063 DL3064 DL3065 DL3066 DL3067 DL4000 DL4001 DL4003 DL4004 DL4005 DL4006
            SC2046 SC2086 SC2115 SC2155 SC2164 SC2215 SC3001 SC3009 SC3010 SC3011 SC3014 SC3020
            SC3030 SC3040 SC3044 SC3046
            """,
        ),
        (
            "trivy",
            " ".join(
                (
                    _numbered("DS-{:04}", (1, 2), (4, 17), (19, 27), (29, 31)),
                    _numbered("KCV-{:04}", (1, 22), (24, 30), (33, 93)),
                    _numbered("KSV-{:04}", (1, 18), (20, 28), (30, 30), (32, 56), (102, 125)),
                    "KSV-01010 KSV-01011 KUBE-0001 KUBE-0002",
                )
            ),
        ),
        (
            "checkov",
            " ".join(
                (
                    _numbered("CKV_DOCKER_{}", (1, 11)),
                    _numbered("CKV2_DOCKER_{}", (1, 17)),
                    _numbered(
                        "CKV_K8S_{}",
                        (1, 45),
                        (49, 49),
                        (68, 75),
                        (77, 86),
                        (88, 97),
                        (99, 100),
                        (102, 102),
                        (104, 108),
                        (110, 119),
                        (121, 121),
                        (138, 141),
                        (143, 149),
                        (151, 159),
                    ),
                    _numbered("CKV2_K8S_{}", (1, 6)),
                )
            ),
        ),
        (
            "dockle",
            """
            CIS-DI-0001 CIS-DI-0005 CIS-DI-0006 CIS-DI-0007 CIS-DI-0008 CIS-DI-0009 CIS-DI-0010
            DKL-DI-0001 DKL-DI-0002 DKL-DI-0003 DKL-DI-0004 DKL-DI-0005 DKL-DI-0006 DKL-LI-0001
            DKL-LI-0002 DKL-LI-0003
            """,
        ),
    )
}
