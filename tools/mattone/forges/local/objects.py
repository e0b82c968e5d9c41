"""Reading many files of many commits with one git process."""

from __future__ import annotations

from collections.abc import Sequence

from mattone.git import Repository

_REPLACED = "\ufffd"  # what the process door makes of bytes that are no UTF-8


def blobs(repository: Repository, names: Sequence[str]) -> list[bytes]:
    """The contents of blobs named `<commit>:<path>`, in order. Raises ValueError naming one that is missing."""
    output = repository.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names)).output
    if _REPLACED in output:  # the sizes may not be those of the text any more
        ids = repository.run("rev-parse", *names).output.split()
        return [repository.blob(blob) for blob in ids]
    data, found, start = output.encode(), [], 0
    for name in names:
        end = data.index(b"\n", start)
        words = data[start:end].split(b" ")  # <object> <type> <size>, or <name> missing
        if words[-1] == b"missing":
            raise ValueError(f"{name} is missing")
        start = end + 1 + int(words[2])
        found.append(data[end + 1 : start])
        start += 1
    return found
