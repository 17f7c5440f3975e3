"""Headless Chromium over its DevTools pipe: no driver, no socket, no network; every request of the page is recorded."""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60.0


def executable() -> str | None:
    """Path of Chromium or Chrome, or None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _spawn(arguments: Sequence[str], reads: int, writes: int) -> int:
    """Start the browser, which takes commands on its descriptor 3 and answers on 4; returns its process id."""
    # Out of the way first, so that neither is overwritten while the other takes its place.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (reads, writes)]
    program = str(executable())
    actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, place, os.devnull, os.O_WRONLY, 0) for place in (1, 2)]
    actions += [(os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4)]
    pid = os.posix_spawn(program, [program, *arguments], os.environ, file_actions=actions)
    for end in (reads, writes, *high):
        os.close(end)
    return pid


class Browser:
    """One browser with one tab; use as a context manager."""

    def __init__(self, profile: Path) -> None:
        self._last = 0
        self._buffer = b""
        self.events: list[dict[str, Any]] = []
        browser_reads, self._write = os.pipe()
        self._read, browser_writes = os.pipe()
        self._pid = _spawn([*FLAGS, f"--user-data-dir={profile}", "about:blank"], browser_reads, browser_writes)
        self._session = ""
        try:
            self._attach()
        except Exception:
            self.close()
            raise

    def _attach(self) -> None:
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser; kill it if it does not go by itself."""
        with contextlib.suppress(Exception):
            self._session = ""
            self.call("Browser.close")
        os.close(self._write)
        until = time.monotonic() + PATIENCE / 6
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.05)
        os.close(self._read)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events that arrive meanwhile are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for answer in self._messages():
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)
        raise RuntimeError(f"{method}: the browser went away")

    def _messages(self) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + PATIENCE
        while True:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                yield json.loads(text)
            if not select.select([self._read], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser did not answer")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                return
            self._buffer += piece

    def open(self, page: Path, width: int = 1280, height: int = 900, scale: float = 1, *, mobile: bool = False) -> None:
        """Show a file and wait until its map is drawn."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.wait(
            "document.readyState === 'complete' && (!document.querySelector('.folium-map') || "
            "document.querySelector('.folium-map').dataset.ready === 'yes')"
        )

    def run(self, script: str) -> Any:
        """Value of a JavaScript expression in the page; raises with the page's own message if it throws."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript condition holds."""
        until = time.monotonic() + PATIENCE
        while not self.run(condition):
            if time.monotonic() > until:
                raise TimeoutError(f"never came true: {condition}; {self.complaints()}")
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release one key, as a person would."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **(text if kind == "keyDown" else {}),
            )

    def write(self, text: str) -> None:
        """Type text where the focus is."""
        self.call("Input.insertText", text=text)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save what the window shows, or the whole page."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))

    def requests(self) -> list[str]:
        """Addresses that the page asked for, itself and data addresses apart."""
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith("data:")]

    def complaints(self) -> list[str]:
        """Errors of scripts and refusals of the page's policy."""
        thrown = [
            event["params"]["exceptionDetails"]["exception"].get("description", "")
            for event in self.events
            if event.get("method") == "Runtime.exceptionThrown"
        ]
        logged = [
            event["params"]["entry"]["text"]
            for event in self.events
            if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"
        ]
        return thrown + logged
