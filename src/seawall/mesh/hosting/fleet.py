"""All processes of a mesh on this host: kept running, replaced, ended when they have finished."""

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple

from seawall.mesh.hosting import administration
from seawall.mesh.hosting.children import Child, Recipe, shorten, stop_all
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.replacing import READY_WITHIN, Replaced, replace, wait_until_ready

Say = Callable[[str], None]


class Proxy(NamedTuple):
    """An Envoy that runs."""

    name: str
    recipe: Callable[[], Recipe]
    """How it is started, with the program that is the right one then."""
    admin: str
    child: Child
    is_waited_for: bool = True
    """Whether it has finished only when all its connections have ended."""


class Halted(NamedTuple):
    """A workload whose processes were ended because somebody wanted it."""

    proxy: Proxy
    program: Child | None


class Fleet:
    """The processes, by what they are to the mesh."""

    def __init__(self, say: Say) -> None:
        self.children: list[Child] = []
        self._say = say
        self._proxies: dict[str, Proxy] = {}
        self._changing: tuple[Child, ...] = ()
        """Of a proxy that is being replaced, the old one and the new one."""
        self._halted: dict[str, Halted] = {}

    def start(self, recipe: Recipe) -> Child:
        """Start a process and keep it running from now on."""
        child = Child(recipe)
        self.children.append(child)
        try:
            child.start()
        except OSError as error:
            self._let_go([child])
            raise HostError(
                f"{recipe.name} cannot be started: {error.filename}: {error.strerror}; correct its "
                "command and its directory"
            ) from None
        return child

    def start_proxy(
        self, name: str, recipe: Callable[[], Recipe], admin: str, *, waited_for: bool = True
    ) -> None:
        """The same of an Envoy, which can be replaced."""
        self._proxies[name] = Proxy(name, recipe, admin, self.start(recipe()), waited_for)

    def look_after(self) -> list[Child]:
        """Start again what has ended; those that were."""
        return [child for child in list(self.children) if child.look_after()]

    def shorten_logs(self) -> None:
        """Let long logs begin anew."""
        for child in list(self.children):
            shorten(child.recipe.log)

    # The end of all -------------------------------------------------------------------------

    def finish(self, close: Callable[[], None], within: float) -> None:
        """Let nothing new begin, and what is under way come to its end."""
        running = [own for own in self._proxies.values() if own.child.pid]
        if not running or not within:
            return
        close()
        for own in running:
            with contextlib.suppress(HostError):  # it may have ended just now
                administration.drain(own.admin)
        inner = [own.admin for own in running if own.is_waited_for]
        left = administration.wait_until_idle(inner, within)
        if left:
            self._say(f"{left} requests or connections were cut after {within:g} s")

    def end(self) -> None:
        """Stop everything."""
        stop_all([*reversed(self.children), *self._changing])

    # One workload ---------------------------------------------------------------------------

    def halt(self, name: str, close: Callable[[], None], within: float) -> int:
        """End a workload when what it has under way has ended; how much was cut."""
        proxy = self._proxies.get(name)
        if proxy is None or name in self._halted:
            raise HostError(f"{name} does not run here: see seawall mesh status")
        program = next((child for child in self.children if child.recipe.name == name), None)
        close()
        with contextlib.suppress(HostError):
            administration.drain(proxy.admin)
        left = administration.wait_until_idle([proxy.admin], within)
        ended = [child for child in (program, proxy.child) if child is not None]
        self._let_go(ended)
        for child in ended:  # the program first: it may still have something to say
            stop_all([child])
        self._halted[name] = Halted(proxy, program)
        del self._proxies[name]
        return left

    def resume(self, name: str, open_: Callable[[], None]) -> None:
        """Start a workload again that was halted."""
        halted = self._halted.get(name)
        if halted is None:
            raise HostError(f"{name} was not stopped: see seawall mesh status")
        open_()
        proxy = halted.proxy
        self.start_proxy(name, proxy.recipe, proxy.admin)
        del self._halted[name]
        wait_until_ready(self._proxies[name].child, proxy.admin, time.monotonic() + READY_WITHIN)
        if halted.program is not None:
            self.start(halted.program.recipe)

    def change(self, name: str, program: Recipe | None) -> None:
        """Let a workload that was halted have another program when it is started again."""
        halted = self._halted[name]
        self._halted[name] = halted._replace(program=None if program is None else Child(program))

    def drop(self, name: str) -> None:
        """Forget a workload that was halted, or end one that is not part of the mesh."""
        if self._halted.pop(name, None) is None:
            self.stop(name)

    def stop(self, name: str) -> None:
        """End the process of a name and look after it no more; a proxy by the workload's."""
        proxy = self._proxies.pop(name, None)
        ended = [child for child in self.children if child.recipe.name == name]
        ended += [] if proxy is None else [proxy.child]
        self._let_go(ended)
        stop_all(ended)

    def _let_go(self, ended: Sequence[Child]) -> None:
        for child in ended:
            child.let_go()
        self.children[:] = [child for child in self.children if child not in ended]

    def has(self, name: str) -> bool:
        """Whether a process of this name is looked after."""
        return any(child.recipe.name == name for child in self.children)

    def named(self, names: Collection[str]) -> list[Child]:
        """The processes of some names."""
        return [child for child in list(self.children) if child.recipe.name in names]

    def is_halted(self, name: str) -> bool:
        """Whether somebody has stopped a workload."""
        return name in self._halted

    # Another program ------------------------------------------------------------------------

    def replace_proxies(self, within: float) -> list[Replaced]:
        """Put another Envoy in the place of each; the next one when the last one stands."""
        done = []
        try:
            for own in list(self._proxies.values()):
                self._changing = old, new = own.child, Child(own.recipe())
                done.append(replace(old, new, own.admin, within, partial(self._adopt, own, new)))
                self._say(f"{new.recipe.name} was replaced")
        finally:
            self._changing = ()
        return done

    def _adopt(self, own: Proxy, new: Child) -> None:
        """From here on the new one is looked after, and the old one is let go."""
        self.children[self.children.index(own.child)] = new
        self._proxies[own.name] = own._replace(child=new)
