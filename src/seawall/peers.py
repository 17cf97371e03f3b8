"""Every rule of the tools that seawall stands in for; facts for ``seawall rules --coverage``.

Read from their sources: kubesec a59caad, kube-score 06dedc9, kube-linter 35de568 (built-in checks).
"""

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
    )
}
