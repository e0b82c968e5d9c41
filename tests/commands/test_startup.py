"""What `mattone validate` does not import: each of these takes longer than checking a small template."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dev.bench.synthetic import smallest

_SLOW = ("dataclasses", "inspect", "json", "hashlib", "ssl", "subprocess", "threading", "rich", "git", "toscaparser")
_ASK = """
import sys
from mattone.cli import main
code = main(["validate", "--no-cache", "page.yaml"])
print(*sorted(set(sys.modules) & set(sys.argv[1:])), file=sys.stderr)
sys.exit(code)
"""


def test_checking_a_small_template_imports_nothing_that_takes_longer(tmp_path: Path) -> None:
    (tmp_path / "page.yaml").write_text(smallest(), "utf-8")
    command = [sys.executable, "-c", _ASK, *_SLOW]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "No findings.\n"), done.stderr
    assert done.stderr.split() == []
