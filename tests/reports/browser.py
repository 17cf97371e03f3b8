"""A headless Chromium, driven by WebDriver's HTTP interface (W3C) with nothing but the stdlib."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,1000",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing() -> str:
    """Why there is no browser; empty when there is one."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"not installed: {', '.join(absent)}" if absent else ""


class Browser:
    """One window. Answers of WebDriver that are errors raise."""

    def __init__(self, address: str, profile: str) -> None:
        self._address = address
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{answer['sessionId']}"

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def command(self, method: str, path: str, body: object = None) -> Any:
        """A command of the session."""
        return self._call(method, self._session + path, body)

    def devtools(self, name: str, **parameters: object) -> Any:
        """A command of the DevTools protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, page: Path) -> None:
        """Load a page from a file."""
        self.command("POST", "/url", {"url": page.resolve().as_uri()})

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a function body's ``return`` in the page."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector: str) -> str:
        """The first element of a selector."""
        return str(
            self.command("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        )

    def click(self, selector: str) -> None:
        """Click as a person does: what covers the element gets the click."""
        self.command("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Type into an element."""
        self.command("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, keys: str) -> None:
        """Press keys where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.command(
            "POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]}
        )

    def log(self) -> list[dict[str, Any]]:
        """What the console got since the last call."""
        entries: list[dict[str, Any]] = self.command("POST", "/se/log", {"type": "browser"})
        return entries

    def screenshot(self, file: Path, *, dark: bool = False, width: int = 1280) -> None:
        """The whole page as a picture."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=1000, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(b64decode(picture["data"]))

    def close(self) -> None:
        """End the session and the browser with it."""
        self.command("DELETE", "")


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with an empty profile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            _await(port)
            made = Browser(f"http://127.0.0.1:{port}", profile)
            try:
                yield made
            finally:
                made.close()
        finally:
            driver.terminate()
            driver.wait(timeout=20)


def _await(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
