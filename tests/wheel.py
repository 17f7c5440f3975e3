"""Build the wheel, install it alone into a fresh environment over the locked one's packages, and run the demo from it.

The new environment sees the packages of the environment that runs this, but not the checkout: what ships must be found
inside the wheel.
"""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Exit with the first step's failure, or print what was found."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        run(
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(room / "dist"),
            str(ROOT),
            cwd=room,
        )
        wheel = next((room / "dist").glob("infraplan-*.whl"))
        fresh = room / "env"
        venv.create(fresh, with_pip=False, symlinks=True)
        site = next(fresh.glob("lib/python*/site-packages"))
        (site / "locked.pth").write_text(locked_packages(room), encoding="utf-8")
        run(
            str(fresh / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-index",
            str(wheel),
            cwd=room,
        )
        command = fresh / "bin" / "infraplan"
        run(
            str(command),
            "demo",
            str(room / "franklin"),
            "--districts",
            "24",
            "--locations",
            "4000",
            "--quiet",
            cwd=room,
        )
        page = room / "franklin" / "plan" / "maps" / "gaps.html"
        if not page.is_file():
            sys.exit("the demo from the wheel wrote no map")
        print(f"{wheel.name}: demo from the wheel wrote {page.name}, {page.stat().st_size:,} bytes")


def locked_packages(room: Path) -> str:
    """A folder of links to the locked environment's packages, all but the editable install of this project."""
    here = Path(sysconfig.get_paths()["purelib"])
    links = room / "locked"
    links.mkdir()
    for item in here.iterdir():
        if not item.name.startswith(("infraplan", "_editable_impl_infraplan")) and item.suffix != ".pth":
            (links / item.name).symlink_to(item)
    return f"{links}\n"


def run(*arguments: str, cwd: Path) -> None:
    """Run a step away from the checkout, so that nothing is found there by chance."""
    done = subprocess.run(arguments, cwd=cwd, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    if shutil.which("git") is None:
        print("note: git is not here; the wheel is built from the folder as it is")
    main()
