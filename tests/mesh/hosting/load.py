"""Load for tests: ``python load.py SECONDS THREADS CLOSE URL...``; it prints JSON when it is done.

It is run as it is where a workload lives, by any Python, so it imports nothing of ours.
"""

import http.client
import json
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit


def drive(url: str, deadline: float, closes: bool, said: dict[str, Any]) -> None:
    """Ask again and again, over one connection or a new one each time."""
    place = urlsplit(url)
    connection = None
    while time.monotonic() < deadline:
        began = time.monotonic()
        try:
            if connection is None:
                connection = http.client.HTTPConnection(
                    place.hostname or "", place.port, timeout=10
                )
            connection.request(
                "GET", place.path or "/", headers={"connection": "close"} if closes else {}
            )
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or b"MARK" not in body:
                said["failed"].append((began, time.monotonic(), f"{url} {answer.status} {body!r}"))
                time.sleep(0.02)
            else:
                said["answered"] += 1
            if closes or answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            said["failed"].append((began, time.monotonic(), f"{url} {error!r}"))
            if connection is not None:
                connection.close()
            connection = None
            time.sleep(0.02)


def main(seconds: str, threads: str, closes: str, *urls: str) -> None:
    deadline = time.monotonic() + float(seconds)
    found: list[dict[str, Any]] = [
        {"answered": 0, "failed": []} for _ in range(int(threads) * len(urls))
    ]
    running = [
        threading.Thread(
            target=drive, args=(urls[number % len(urls)], deadline, closes == "close", said)
        )
        for number, said in enumerate(found)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    total = {
        "answered": sum(said["answered"] for said in found),
        "failed": sorted(failure for said in found for failure in said["failed"]),
    }
    json.dump(total, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
