"""A 500 MB download through the cache against plain curl, both over loopback; and how much memory it takes.

    python benchmarks/bench_fetch.py [--megabytes 500] [--rounds 3]

The server is a child process that sends a file from memory pages of random bytes. Prints one line: the best seconds of
each, their ratio (ours over curl's), and the growth of our resident memory while downloading (MB).
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from infraplan.asks import Ask, Limits
from infraplan.downloads import Cache
from infraplan.fetch import Http

MEGABYTE = 1_000_000


def serve(told: Connection) -> None:
    """Serve so many megabytes as the address says, 500 at `/500`."""
    block = os.urandom(MEGABYTE)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            megabytes = int(self.path.strip("/"))
            self.send_response(200)
            self.send_header("Content-Length", str(megabytes * MEGABYTE))
            self.send_header("ETag", '"bench"')
            self.end_headers()
            for _ in range(megabytes):
                self.wfile.write(block)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_address[1])
    server.serve_forever()


def resident() -> float:
    """Most resident memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


def timed(work: Callable[[], object]) -> float:
    """Seconds a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ours(address: str, size: int) -> None:
    """One download into an empty cache."""
    with tempfile.TemporaryDirectory() as room, Http(Cache(Path(room)), limits=Limits(spare_bytes=0)) as http:
        kept = http.download(Ask(address=address, pause=0))
        assert kept.bytes == size


def curls(address: str, size: int) -> None:
    """One download by curl into a file."""
    with tempfile.TemporaryDirectory() as room:
        subprocess.run(["curl", "--silent", "--fail", "--output", f"{room}/file", address], check=True)
        assert Path(room, "file").stat().st_size == size


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--megabytes", type=int, default=500)
    options.add_argument("--rounds", type=int, default=3)
    told = options.parse_args()
    size = told.megabytes * MEGABYTE
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    child.start()
    base = f"http://127.0.0.1:{here.recv()}"
    address = f"{base}/{told.megabytes}"
    ours(f"{base}/5", 5 * MEGABYTE)  # warm: imports, buffers
    before = resident()
    mine = min(timed(lambda: ours(address, size)) for _ in range(told.rounds))
    grown = resident() - before
    curl = min(timed(lambda: curls(address, size)) for _ in range(told.rounds)) if shutil.which("curl") else None
    child.terminate()
    print(
        json.dumps(
            {
                "megabytes": told.megabytes,
                "seconds": round(mine, 2),
                "megabytes_per_second": round(told.megabytes / mine),
                "curl_seconds": curl and round(curl, 2),
                "ratio_to_curl": curl and round(mine / curl, 2),
                "resident_mb": round(resident()),
                "resident_grown_mb": round(grown, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
