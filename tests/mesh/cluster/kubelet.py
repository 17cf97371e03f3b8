"""Nodes of a cluster on this host: pods run as their manifests say, each in a network of its own.

What a kubelet, a container runtime, a network plugin and kube-proxy do for a pod is done here as
far as the mesh can see it: a sandbox's process, control groups, init containers and native sidecars
in their order, probes, users, groups and capabilities, variables, and volumes as a tree of mounts.
Images are not: programs are those of this host.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.mesh.cluster.api_double import PODS, Cluster, Json

GATEWAY, GATEWAY_6 = "10.88.0.1", "fd88::1"
_LIBC = ctypes.CDLL(None, use_errno=True)
_NET = 0x40000000  # CLONE_NEWNET
_FIELD = re.compile(r"metadata\.annotations\['([^']+)'\]\Z")
_VARIABLE = re.compile(r"\$\(([A-Z_]+)\)")


def run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread within a named network namespace."""
    with open("/proc/thread-self/ns/net") as back, open(f"/run/netns/{namespace}") as there:
        assert _LIBC.setns(there.fileno(), _NET) == 0
        try:
            yield
        finally:
            assert _LIBC.setns(back.fileno(), _NET) == 0


class Network:
    """A router in the middle, which is kube-proxy, too; each pod has a cable to it."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.router = f"{prefix}-router"
        self._cables = 1
        run("ip", "netns", "add", self.router)
        run("ip", "-netns", self.router, "link", "set", "lo", "up")
        run("ip", "-netns", self.router, "addr", "add", f"{GATEWAY}/32", "dev", "lo")
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            forward = f"echo 1 > /proc/sys/net/{path}"
            run("ip", "netns", "exec", self.router, "sh", "-c", forward)
        self._nft(
            "table inet proxy {\n chain nat {\n  type nat hook prerouting priority -100;\n }\n}\n"
        )

    def add(self, name: str) -> tuple[str, tuple[str, str]]:
        """A namespace with a cable; gives its name and addresses."""
        self._cables += 1
        cable, namespace = f"c{self._cables}", f"{self.prefix}-{name}"
        four, six = f"10.88.0.{self._cables}", f"fd88::{self._cables:x}"
        run("ip", "netns", "add", namespace)
        run("ip", "-netns", self.router, "-batch", "-", text="\n".join([
            f"link add {cable} type veth peer name eth0 netns {namespace}",
            f"addr add {GATEWAY}/32 dev {cable}", f"addr add {GATEWAY_6}/128 dev {cable} nodad",
            f"link set {cable} up", f"route add {four}/32 dev {cable}",
            f"route add {six}/128 dev {cable}", "",
        ]))  # fmt: skip
        run("ip", "-netns", namespace, "-batch", "-", text="\n".join([
            "link set lo up", f"addr add {four}/32 dev eth0", f"addr add {six}/128 dev eth0 nodad",
            "link set eth0 up", f"route add {GATEWAY} dev eth0", f"route add default via {GATEWAY}",
            f"route add {GATEWAY_6}/128 dev eth0", f"route add ::/0 via {GATEWAY_6}", "",
        ]))  # fmt: skip
        return namespace, (four, six)

    def serve(self, address: str, port: int, target: str, target_port: int) -> None:
        """What kube-proxy does for a service with one endpoint."""
        self._nft(
            f"add rule inet proxy nat ip daddr {address} tcp dport {port} dnat ip to "
            f"{target}:{target_port}"
        )

    def remove(self) -> None:
        """All that begins with our prefix."""
        for item in json.loads(run("ip", "-json", "netns", "list") or "[]"):
            if item["name"].startswith(f"{self.prefix}-"):
                run("ip", "netns", "delete", item["name"])

    def _nft(self, text: str) -> None:
        run("ip", "netns", "exec", self.router, "nft", "-f", "-", text=text)


class Pod:
    """A pod that was given to a node."""

    def __init__(self, own: Json, namespace: str, addresses: tuple[str, str], cgroup: Path) -> None:
        self.own = own
        self.namespace = namespace
        self.addresses = addresses
        self.cgroup = cgroup
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs: dict[str, Path] = {}

    @property
    def uid(self) -> str:
        return str(self.own["metadata"]["uid"])

    def said(self) -> str:
        """What all its containers say."""
        return "\n".join(
            f"--- {self.own['metadata']['name']}/{name}\n{path.read_text(errors='replace')[-3000:]}"
            for name, path in self.logs.items()
        )

    def enter(self, user: int = 1000) -> list[str]:
        """The command that runs another one in it, as a container's user."""
        dropped = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups"]
        return ["ip", "netns", "exec", self.namespace, "setpriv", f"--reuid={user}",
                f"--regid={user}", *dropped]  # fmt: skip


class Nodes:
    """The nodes of a cluster; each has a directory of its own (hostPath)."""

    def __init__(self, cluster: Cluster, directory: Path, prefix: str) -> None:
        self.cluster = cluster
        self.network = Network(prefix)
        self.hosts: dict[str, str] = {}
        """Names that pods know: what DNS would tell."""
        self.account = directory / "account"
        self.api_port = 0
        self.pods: list[Pod] = []
        self._directory = directory
        self._mounted: list[tuple[Path, str]] = []
        self._cgroups = _cgroup_root() / f"kubepods-{prefix}"
        self._etc = directory / "etc"
        shutil.copytree(
            "/etc", self._etc, symlinks=True, ignore_dangling_symlinks=True,
            ignore=shutil.ignore_patterns("netns"),  # other tests' come and go
        )  # fmt: skip

    # Pods -----------------------------------------------------------------------------------

    def start(self, own: Json, node: str, *, wait: bool = True) -> Pod:
        """Schedule a pod and run it; returns when all its containers are ready."""
        metadata = own["metadata"]
        metadata.setdefault("uid", str(uuid4()))
        own["spec"]["nodeName"] = node
        self.cluster.put(PODS, own)  # it is known before it has an address
        namespace, addresses = self.network.add(metadata["name"])
        cgroup = self._cgroups / "burstable" / f"pod{metadata['uid']}"
        cgroup.mkdir(parents=True)
        pod = Pod(own, namespace, addresses, cgroup)
        self.pods.append(pod)
        pod.processes["sandbox"] = self._sandbox(pod)
        own["status"] = {
            "phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": one} for one in addresses],
        }  # fmt: skip
        self.cluster.put(PODS, own)
        for container in own["spec"].get("initContainers", []):
            process = self._container(pod, container)
            if container.get("restartPolicy") == "Always":
                self.ready(pod, container, "startupProbe")
            else:
                assert process.wait(60) == 0, pod.said()
        for container in own["spec"]["containers"]:
            self._container(pod, container)
        if wait:
            self.all_ready(pod)
        return pod

    def all_ready(self, pod: Pod) -> None:
        """Wait for the readiness of all containers."""
        spec = pod.own["spec"]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            self.ready(pod, container, "readinessProbe")

    def ready(self, pod: Pod, container: Json, kind: str, seconds: float = 40) -> None:
        """Ask a probe until it is content."""
        probe = container.get(kind)
        if probe is None:
            return
        deadline = time.monotonic() + seconds
        while (said := self.asked(pod, container, probe)) != "":
            assert pod.processes[container["name"]].poll() is None, pod.said()
            assert time.monotonic() < deadline, f"{container['name']}: {said}\n{self.said()}"
            time.sleep(0.1)

    def asked(self, pod: Pod, container: Json, probe: Json) -> str:
        """What a probe says against a container; empty when it is content."""
        if "exec" in probe:
            done = self.executed(pod, container, probe["exec"]["command"])
            return done.stderr or "no" if done.returncode else ""
        get = probe["httpGet"]
        port = get["port"]
        if isinstance(port, str):
            (port,) = [own["containerPort"] for own in container["ports"] if own["name"] == port]
        status, body = self.get(f"http://{pod.addresses[0]}:{port}{get['path']}")
        return "" if 200 <= status < 400 else f"{status} {body}"

    def said(self) -> str:
        """What all containers of all pods say."""
        return "\n".join(pod.said() for pod in self.pods)

    def executed(
        self, pod: Pod, container: Json, words: Sequence[str]
    ) -> "subprocess.CompletedProcess[str]":
        """What comes of a command in a container (``kubectl exec``)."""
        command = _in_group(pod.cgroup / container["name"], self._command(pod, container, words))
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def get(self, address: str, seconds: float = 5) -> tuple[int, str]:
        """What the kubelet gets when it asks by HTTP: from the node, past no proxy of its own."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.network.router, "curl", "-sS", "-m", str(seconds), "-w",
             "\n%{http_code}", address], capture_output=True, text=True, check=False,
        )  # fmt: skip
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body + done.stderr

    def stop(self, pod: Pod) -> None:
        """End a pod: its containers in their order, then its sandbox; then it is gone."""
        spec = pod.own["spec"]
        order = [one["name"] for one in [*spec["containers"], *spec.get("initContainers", [])]]
        for name in [*order, "sandbox"]:
            _end(pod.processes.get(name))
        self.cluster.delete(PODS, pod.own["metadata"]["name"], pod.own["metadata"]["namespace"])
        self.pods.remove(pod)

    def remove(self) -> None:
        """Take everything away."""
        for pod in self.pods:
            for process in pod.processes.values():
                _end(process, patience=0.5)
        self.network.remove()
        for directory, _, _ in os.walk(self._cgroups, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)

    def refresh(self) -> None:
        """What a kubelet does each minute: ConfigMaps as they are now."""
        for directory, name in self._mounted:
            namespace, _, own = name.partition("/")
            self._write_config_map(directory, self.cluster.config_maps[namespace, own]["data"])

    # Containers -----------------------------------------------------------------------------

    def _sandbox(self, pod: Pod) -> "subprocess.Popen[bytes]":
        own = ["nsenter", f"--net=/run/netns/{pod.namespace}", "sleep", "infinity"]
        return self._spawn(pod, "sandbox", own)

    def _container(self, pod: Pod, container: Json) -> "subprocess.Popen[bytes]":
        words = [*container.get("command", []), *container.get("args", [])]
        process = self._spawn(pod, container["name"], self._command(pod, container, words))
        pod.processes[container["name"]] = process
        return process

    def _spawn(self, pod: Pod, name: str, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        group = pod.cgroup / name
        group.mkdir(exist_ok=True)
        log = self._directory / f"{pod.own['metadata']['name']}.{name}.log"
        pod.logs[name] = log
        with log.open("ab") as stream:
            return subprocess.Popen(
                _in_group(group, command), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                start_new_session=True,
            )  # fmt: skip

    def _command(self, pod: Pod, container: Json, words: Sequence[str]) -> list[str]:
        """A program as a container runs it."""
        variables = self._variables(pod, container)
        told = [_VARIABLE.sub(lambda found: variables[found[1]], word) for word in words]
        own, shared = (
            container.get("securityContext", {}),
            pod.own["spec"].get("securityContext", {}),
        )
        user = own.get("runAsUser", shared.get("runAsUser", 1000))
        group = own.get("runAsGroup", shared.get("runAsGroup", user))
        added = own.get("capabilities", {}).get("add", [])
        bounds = ",".join(["-all", *(f"+{one.lower()}" for one in added)])
        groups = f"--groups={shared['fsGroup']}" if "fsGroup" in shared else "--clear-groups"
        mounts = self._mounts(pod, container)
        last = "mount -o remount,bind,ro /" if own.get("readOnlyRootFilesystem") else "true"
        script = " && ".join([*mounts, last, 'exec "$@"'])
        environment = [f"{name}={value}" for name, value in variables.items()]
        return [
            "nsenter", f"--net=/run/netns/{pod.namespace}",
            "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
            # The last one to have root's rights starts the program: its directory may be root's.
            "env", "-i", *environment,
            "setpriv", f"--reuid={user}", f"--regid={group}", groups, "--no-new-privs",
            f"--bounding-set={bounds}", "--inh-caps=-all", *told,
        ]  # fmt: skip

    def _variables(self, pod: Pod, container: Json) -> dict[str, str]:
        found = {
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/local/sbin:/usr/sbin:/sbin:"
            "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8", "KUBERNETES_SERVICE_HOST": GATEWAY,
            "KUBERNETES_SERVICE_PORT": str(self.api_port), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        for one in container.get("env", []):
            if "value" in one:
                found[one["name"]] = one["value"]
                continue
            path = one["valueFrom"]["fieldRef"]["fieldPath"]
            annotation = _FIELD.match(path)
            if annotation:
                found[one["name"]] = pod.own["metadata"]["annotations"][annotation[1]]
            else:
                part, _, key = path.partition(".")
                found[one["name"]] = pod.own[part][key]
        return found

    # Volumes --------------------------------------------------------------------------------

    def _mounts(self, pod: Pod, container: Json) -> list[str]:
        """The commands that make a container's tree of mounts."""
        base = self._directory / "mounts" / f"{pod.own['metadata']['name']}-{container['name']}"
        base.mkdir(parents=True, exist_ok=True)
        self._write_etc()
        commands = [
            f"mount --bind {self._etc} /etc", "mount -t tmpfs -o mode=755 tmpfs /run",
            "mount -t tmpfs -o mode=755 tmpfs /var/lib",
        ]  # fmt: skip
        volumes = {one["name"]: one for one in pod.own["spec"].get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            source = self._volume(pod, volumes[mount["name"]])
            if "subPathExpr" in mount:
                variables = self._variables(pod, container)
                below = _VARIABLE.sub(lambda found: variables[found[1]], mount["subPathExpr"])  # noqa: B023
                source = source / below
                source.mkdir(mode=0o750, parents=True, exist_ok=True)
            path = mount["mountPath"]
            commands += [f"mkdir -p {path}", f"mount --bind {source} {path}"]
            if mount.get("readOnly"):
                commands.append(f"mount -o remount,bind,ro {path}")
        return commands

    def volume_of(self, pod: Pod, name: str) -> Path:
        """Where the contents of a volume of a pod are."""
        return self._directory / "volumes" / pod.uid / name

    def directory_of(self, node: str, path: str) -> Path:
        """Where a node has a directory of its own."""
        return self._directory / "nodes" / node / path.lstrip("/")

    def _volume(self, pod: Pod, volume: Json) -> Path:
        node = pod.own["spec"]["nodeName"]
        own = self.volume_of(pod, volume["name"])
        if "hostPath" in volume:
            path = self.directory_of(node, volume["hostPath"]["path"])
            if volume["hostPath"].get("type") == "DirectoryOrCreate":
                path.mkdir(parents=True, exist_ok=True)
            assert path.is_dir(), f"{path} is not there: the pod must wait"
            return path
        if "persistentVolumeClaim" in volume:
            own = self._directory / "claims" / volume["persistentVolumeClaim"]["claimName"]
        is_new = not own.exists()
        own.mkdir(parents=True, exist_ok=True)
        if not is_new:
            return own
        shared = pod.own["spec"].get("securityContext", {})
        if "emptyDir" in volume:
            own.chmod(0o777)
        elif "persistentVolumeClaim" in volume:
            os.chown(own, 0, shared["fsGroup"])
            own.chmod(0o2770)
        elif "configMap" in volume:
            self._config_map(pod, volume["configMap"], own)
        elif "secret" in volume:
            self._secret(pod, volume["secret"], own, shared.get("fsGroup", 0))
        elif "projected" in volume:
            self._projected(pod, volume["projected"], own, shared.get("fsGroup"))
        else:
            raise AssertionError(f"a volume of no known kind: {volume}")
        return own

    def _secret(self, pod: Pod, source: Json, own: Path, group: int) -> None:
        key = pod.own["metadata"]["namespace"], source["secretName"]
        assert key in self.cluster.secrets or source.get("optional")
        for name, text in self.cluster.secrets.get(key, {}).items():
            (own / name).write_text(text)
            (own / name).chmod(source.get("defaultMode", 0o644))
            os.chown(own / name, 0, group)

    def _config_map(self, pod: Pod, source: Json, own: Path) -> None:
        key = pod.own["metadata"]["namespace"], source["name"]
        deadline = time.monotonic() + 20
        while key not in self.cluster.config_maps:
            if source.get("optional"):
                break
            assert time.monotonic() < deadline, f"{key} does not come"
            time.sleep(0.1)
        self._mounted.append((own, "/".join(key)))
        self._write_config_map(own, self.cluster.config_maps.get(key, {}).get("data", {}))

    @staticmethod
    def _write_config_map(own: Path, data: dict[str, str]) -> None:
        """As a kubelet does it: files behind a link that is turned."""
        fresh = own / f"..{uuid4()}"
        fresh.mkdir()
        for name, text in data.items():
            (fresh / name).write_text(text)
            link = own / name
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}")
        (own / "..data_tmp").symlink_to(fresh.name)
        (own / "..data_tmp").rename(own / "..data")

    def _projected(self, pod: Pod, projected: Json, own: Path, group: int | None) -> None:
        for source in projected["sources"]:
            if "serviceAccountToken" in source:
                asked = source["serviceAccountToken"]
                if "audience" in asked:
                    token = self.cluster.token_for(
                        pod.own, asked["audience"], asked["expirationSeconds"]
                    )
                else:
                    token = (self.account / "token").read_text()
                (own / asked["path"]).write_text(token)
            elif "configMap" in source:
                (own / "ca.crt").write_bytes((self.account / "ca.crt").read_bytes())
            else:
                (own / "namespace").write_text(pod.own["metadata"]["namespace"])
        for path in own.iterdir():
            path.chmod(projected.get("defaultMode", 0o644))
            if group is not None:
                os.chown(path, 0, group)

    def _write_etc(self) -> None:
        lines = ["127.0.0.1 localhost", *(f"{own} {name}" for name, own in self.hosts.items()), ""]
        _replaced(self._etc / "hosts", "\n".join(lines))
        _replaced(self._etc / "resolv.conf", "nameserver 10.96.0.2\n")


def _in_group(group: Path, command: Sequence[str]) -> list[str]:
    """A command that runs in a control group."""
    return ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *command]


def _replaced(path: Path, text: str) -> None:
    if path.is_symlink():
        path.unlink()
    path.write_text(text)


def _cgroup_root() -> Path:
    """Where groups of processes are made: a hierarchy of version 1, or that of version 2."""
    old = Path("/sys/fs/cgroup/pids")
    return old if old.is_dir() else Path("/sys/fs/cgroup")


def _end(process: "subprocess.Popen[bytes] | None", patience: float = 30.0) -> None:
    if process is None or process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGTERM:
                os.kill(process.pid, number)  # the first process of a container, not all of them
            else:
                os.killpg(process.pid, number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def until(is_so: Callable[[], Any], seconds: float = 30.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.1)
    return False
