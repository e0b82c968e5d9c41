"""Machine images: a root file system as a tar file, built from a recipe and cached by its hash.

`machine` is a small Debian or Ubuntu that boots with systemd and SSH. `controller` adds to it the
Ansible that configures other machines. The hash covers the recipe and what the host passes on
(`surroundings`), so a change of either makes a new image; a cache can be thrown away at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mattone import process
from mattone.errors import HostError
from mattone.machines import surroundings, volumes
from mattone.machines.layout import file_lock
from mattone.machines.surroundings import Surroundings

RECIPES = Path(__file__).parent / "recipes"
BASES = {"machine": None, "controller": "machine"}
NEEDED_SPACE = 3 * 1024**3  # bytes of disk for building both images and unpacking them once

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: its name, the hash of all that made it (16 hex digits), and its tar file."""

    name: str
    digest: str
    tarball: Path

    @property
    def reference(self) -> str:
        """The name of the image in podman's storage."""
        return f"localhost/mattone-{self.name}:{self.digest}"


def digest(name: str, host: Surroundings) -> str:
    """The hash of a recipe, of the recipe below it, and of what the host passes on: 16 hex digits."""
    state = hashlib.sha256(json.dumps([os.uname().machine, asdict(host)], sort_keys=True).encode())
    for recipe in _chain(name):
        for path in sorted((RECIPES / recipe).iterdir()):
            if path.is_file():
                content = path.read_bytes()
                state.update(f"{recipe}/{path.name} {len(content)}\n".encode() + content)
    return state.hexdigest()[:16]


def _chain(name: str) -> tuple[str, ...]:
    base = BASES[name]
    return (*_chain(base), name) if base else (name,)


def packages(name: str) -> tuple[str, ...]:
    """The distribution's packages that a recipe adds."""
    lines = (RECIPES / name / "packages.txt").read_text().splitlines()
    return tuple(word for line in lines if (word := line.partition("#")[0].strip()))


def ensure(name: str, cache: Path, progress: Progress | None = None) -> Image:
    """The image of that name, taken from the folder `images` of the cache or built into it.

    Any number of callers may ask at the same time: one builds, the others wait. `progress` gets
    lines of the build. Raises HostError when it cannot be built here.
    """
    host = surroundings.read()
    folder = cache / "images"
    image = _image(name, folder, host)
    if image.tarball.exists():
        return image
    base = BASES[name]
    below = ensure(base, cache, progress) if base else None
    with file_lock(folder / f"{name}.lock"):
        if not image.tarball.exists():
            _build(image, below, host, progress or (lambda _line: None))
    return image


def _image(name: str, folder: Path, host: Surroundings) -> Image:
    made_of = digest(name, host)
    return Image(name, made_of, folder / f"{name}-{host.suite}-{made_of}.tar")


def _build(image: Image, below: Image | None, host: Surroundings, progress: Progress) -> None:
    _check_host(image.tarball.parent)
    for stale in image.tarball.parent.glob(f".{image.name}.*"):  # left by a builder that was killed
        volumes.unmount_below(stale)
        shutil.rmtree(stale, ignore_errors=True)
    with _stage(image, host) as stage:
        fresh = stage / "image.tar"
        # The environment of the caller stays outside, but for the way to the network.
        environment = {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
        environment |= {
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(stage),
        }
        environment |= {"MATTONE_STAGE": str(stage), "MATTONE_BASE": str(below.tarball) if below else ""}
        lines: list[str] = []

        def follow(line: str) -> None:
            lines.append(line)
            progress(line)

        try:
            process.run(_command(image.name, fresh, stage, host, below), env=environment, timeout=1800, on_line=follow)
        except process.CommandFailed as error:
            (image.tarball.parent / f"{image.name}.log").write_text("\n".join(lines) + "\n")
            raise HostError(
                f"the image {image.name!r} could not be built: {error.message}",
                hint=f"the whole log is in {image.tarball.parent / (image.name + '.log')}",
            ) from error
        fresh.chmod(0o600)
        fresh.replace(image.tarball)
    _drop_older(image)


def _command(name: str, target: Path, stage: Path, host: Surroundings, below: Image | None) -> list[str]:
    options = [option for setting in host.apt_options for option in ("--aptopt", setting)]
    base = ["--variant=custom", '--setup-hook=tar -C "$1" -xf "$MATTONE_BASE"'] if below else ["--variant=minbase"]
    return [
        *("mmdebstrap", "--mode=root", "--format=tar", *base, *options),
        "--dpkgopt=force-unsafe-io",  # a build that a power cut ends is begun again
        f"--include={','.join(packages(name))}",
        f'--customize-hook=sh "$MATTONE_STAGE/recipes/{name}/customise.sh" "$1"',
        *(host.suite, str(target), str(stage / "host" / f"{host.distribution}.sources")),
    ]


def _check_host(cache: Path) -> None:
    process.require("mmdebstrap", hint="apt-get install mmdebstrap")
    if os.geteuid() != 0:
        raise HostError("building a machine image needs root", hint="run as root, or with sudo")
    free = shutil.disk_usage(cache).free
    if free < NEEDED_SPACE:
        raise HostError(f"{cache} has {free >> 20} MiB free, {NEEDED_SPACE >> 20} MiB are needed for machine images")


@contextmanager
def _stage(image: Image, host: Surroundings) -> Iterator[Path]:
    folder = image.tarball.parent / f".{image.name}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        (folder / "host" / "certificates").mkdir(parents=True)
        shutil.copytree(RECIPES, folder / "recipes")
        for name, text in host.certificates:
            (folder / "host" / "certificates" / name).write_text(text)
        (folder / "host" / "environment").write_text(host.environment)
        (folder / "host" / "pip.conf").write_text(host.pip)
        (folder / "host" / f"{host.distribution}.sources").write_text(host.sources)
        folder.chmod(0o755)
        yield folder
    except OSError as error:
        raise HostError(f"cannot prepare the build of {image.name}: {error}", hint="the disk may be full") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _drop_older(image: Image) -> None:
    """Keep the newest images of a name: an older one serves only workspaces that were made with it."""
    pattern = f"{image.name}-*.tar"
    found = sorted(image.tarball.parent.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[3:]:
        path.unlink(missing_ok=True)
