"""Ask tosca-parser about one file, in a process of its own: prints a verdict and a message as JSON.

Run by `oracle.py` with an isolated interpreter, so it imports nothing of this package.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
from typing import Any, NoReturn

_MEMORY = 2 << 30  # bytes
_SECONDS = 60  # of CPU


def _refuse(*_arguments: Any, **_named: Any) -> NoReturn:
    raise OSError("no network for a second opinion")


def main(path: str) -> tuple[str, str]:
    """Verdict (accepted, refused, crashed) and message on the template at a path."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    socket.getaddrinfo = _refuse
    from toscaparser.common.exception import TOSCAException, ValidationError
    from toscaparser.tosca_template import ToscaTemplate

    try:
        ToscaTemplate(path)
    except (TOSCAException, ValidationError, ValueError) as error:
        return "refused", _message(error)
    except Exception as error:  # noqa: BLE001 # whatever it is, it is the answer
        return "crashed", f"{type(error).__name__}: {error}"
    return "accepted", ""


def _message(error: Exception) -> str:
    """The messages of an error without the stacks that tosca-parser puts between them."""
    kept = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("\t\t")]
    return " ".join(line for line in kept if not line.startswith("The input"))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
