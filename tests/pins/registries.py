"""A real container registry (Debian's `docker-registry`) on the loopback interface, with images put into it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mattone import digests, http
from mattone.errors import MattoneError

WHY = "Debian's package docker-registry can neither be found here nor be downloaded"

_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}", relativeurls: true}}
"""
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry:
    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"

    def push(self, name: str, tag: str, content: str) -> str:
        """Put an image of one small layer under a tag; returns its digest."""
        blobs = [self._blob(name, text) for text in (json.dumps({"rootfs": {"type": "layers"}}), content)]
        kinds = ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar")
        config, layer = ({"mediaType": kind, **blob} for kind, blob in zip(kinds, blobs, strict=True))
        manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]})
        http.call("PUT", f"{self.url}/v2/{name}/manifests/{tag}", body=manifest, headers={"Content-Type": _MANIFEST})
        return digests.of_bytes(manifest.encode())

    def _blob(self, name: str, text: str) -> dict[str, object]:
        digest = digests.of_bytes(text.encode())
        started = http.call("POST", f"{self.url}/v2/{name}/blobs/uploads/")
        place = started.headers["location"]
        place = place if place.startswith("http") else f"{self.url}{place}"
        headers = {"Content-Type": "application/octet-stream"}
        http.call("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", body=text, headers=headers)
        return {"digest": digest, "size": len(text.encode())}


def program(folder: Path) -> str | None:
    """The registry's program: an installed one, else unpacked from Debian's package, whose service nobody wants."""
    installed = shutil.which("docker-registry")
    if installed is not None or shutil.which("apt-get") is None:
        return installed
    # Where the lists of packages are absent or old, they are fetched and it is tried once more.
    for command in (["download", "docker-registry"], ["update"], ["download", "docker-registry"]):
        subprocess.run(["apt-get", "-q", *command], cwd=folder, check=False, capture_output=True, timeout=240)
        package = next(folder.glob("docker-registry_*.deb"), None)
        if package is not None:
            subprocess.run(["dpkg-deb", "-x", package.name, "unpacked"], cwd=folder, check=True, capture_output=True)
            return str(folder / "unpacked/usr/bin/docker-registry")
    return None


@contextmanager
def registry(program: str, folder: Path) -> Iterator[Registry]:
    """A running registry that keeps its images below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(folder=folder / "data", port=port))
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=subprocess.STDOUT) as child,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/v2/", child, folder / "log")
            yield Registry(port)
        finally:
            child.terminate()


def _wait(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and child.poll() is None:
        try:
            http.call("GET", url, timeout=1)
        except MattoneError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the registry did not start: {log.read_text()}")
