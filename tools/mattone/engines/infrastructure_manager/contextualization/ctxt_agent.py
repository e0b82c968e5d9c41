"""Runs on the controller in place of IM's own agent: configures one machine with `ansible-playbook`.

IM starts it once for each step of each machine, follows its log, and reads its verdict. Its own agent
has steps for machines of which nothing is known: it waits for SSH, installs Python, writes /etc/hosts,
makes a key, and loads Ansible for each of them, which takes longer than a short role. Our machines
answer before IM hears of them, so here those steps only say so, and only playbooks of nodes are run.

Arguments: `general_info.cfg` (all machines of the deployment, the folder of the playbooks) and the
machine's `config.cfg` (its number, the steps to do, the folder for log and verdict), both JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TextIO

FACTS = Path(os.environ.get("MATTONE_FACTS", "/var/tmp/facts_cache"))  # noqa: S108  (as the controller's ansible.cfg)
_READY = ("wait_all_ssh", "basic", "main_")


def main(general_file: str, machine_file: str) -> int:
    """Do the steps of one machine until one fails; exit code 0 when all went well."""
    general = json.loads(Path(general_file).read_text(encoding="utf-8"))
    wanted = json.loads(Path(machine_file).read_text(encoding="utf-8"))
    folder = Path(wanted["remote_dir"])
    verdict: dict[str, bool] = {}
    with (folder / "ctxt_agent.log").open("a", encoding="utf-8") as log:
        machines = {one["id"]: one for one in general["vms"]}
        for step in wanted["tasks"] if wanted["id"] in machines else ():
            verdict[step] = _step(step, Path(general["conf_dir"]), machines[wanted["id"]], log)
            if not verdict[step]:
                break
    verdict["OK"] = all(verdict.values())
    partial = folder / "ctxt_agent.out.part"
    partial.write_text(json.dumps(verdict), encoding="utf-8")
    partial.replace(folder / "ctxt_agent.out")
    return 0 if verdict["OK"] else 1


def _step(step: str, folder: Path, machine: dict[str, Any], log: TextIO) -> bool:
    host = f"{machine['ip']}_{machine['id']}"
    if step.startswith(_READY):
        if step == "basic":  # what is remembered may be of an earlier machine at this address
            for stale in FACTS.glob(f"*{host}"):
                stale.unlink(missing_ok=True)
        return True
    log.write(f"Launch task: {step}\n")
    log.flush()
    key = folder / f"key_{machine['id']}"
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(machine["private_key"].rstrip("\n") + "\n")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", str(folder / "hosts")]
    command += ["--extra-vars", json.dumps({"IM_HOST": host}), "--private-key", str(key)]
    command.append(str(folder / f"{step}_task_all.yml"))
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
    log.write(f"Task {step} {'finished successfully' if ended.returncode == 0 else 'failed'}\n\n")
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
