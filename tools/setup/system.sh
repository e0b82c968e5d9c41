#!/usr/bin/env bash
# The system packages that mattone needs on Debian and Ubuntu.
#
#   system.sh install   install what is missing (root), or print the one command that does
#   system.sh missing   print the packages that are missing, one a line
#   system.sh removal   print the command that removes what `install` added
#   system.sh purge     remove what `install` added
#
# The names of added packages, dependencies included, are written down before apt starts, so
# that an install that is killed half-way is known too. MATTONE_SYSTEM_STATE moves that record.
set -euo pipefail

state=${MATTONE_SYSTEM_STATE:-/var/lib/mattone}
record=$state/added-packages
log=$state/apt.log
apt=(apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }

has_venv() {
    [ -x .venv/bin/python ] || "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null
}

# A package, and what shows that it is there: programs, files, or a test of ours.
missing() {
    need git git
    need python3 python3
    need python3-venv has_venv
    need ca-certificates /etc/ssl/certs/ca-certificates.crt
    need openssh-client ssh ssh-keygen
    need iproute2 ip
    need e2fsprogs mkfs.ext4
    need podman podman
    need runc runc # crun, podman's own choice, fails on hosts without CAP_SYS_RESOURCE
    need netavark /usr/lib/podman/netavark
    need aardvark-dns /usr/lib/podman/aardvark-dns
    need iptables iptables # netavark before 1.10 drives it
    need nftables nft
    need mmdebstrap mmdebstrap
}

need() {
    local package=$1 sign
    shift
    for sign in "$@"; do
        case $sign in
            /*) [ -e "$sign" ] || { say "$package"; return; } ;;
            has_*) "$sign" || { say "$package"; return; } ;;
            *) command -v "$sign" >/dev/null || { say "$package"; return; } ;;
        esac
    done
}

install_missing() {
    local -a packages
    mapfile -t packages < <(missing)
    [ ${#packages[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        say "mattone: this system has no apt; install the equivalents of: ${packages[*]}" >&2
        return 0
    fi
    if [ "$EUID" -ne 0 ]; then
        say "mattone: some system packages are missing. To install them, type:" >&2
        say "    sudo apt-get install --no-install-recommends ${packages[*]}" >&2
        say "Going on with what can be done without them." >&2
        return 0
    fi
    local started=$SECONDS
    mkdir -p "$state"
    dpkg --configure -a >"$log" 2>&1 </dev/null || fail "dpkg --configure -a failed" # after an install that was killed
    say "system packages: installing ${packages[*]}"
    with_lists "${packages[@]}"
    say "system packages: done in $((SECONDS - started)) s, listed in $record"
}

# Package lists may be absent (fresh images) or stale (a version that left the archive): only then are they fetched.
with_lists() {
    if write_down "$@" 2>"$log" && quiet install -y --no-install-recommends "$@"; then
        return 0
    fi
    say "system packages: updating the package lists"
    quiet update || fail "apt-get update failed"
    write_down "$@" 2>"$log" || fail "apt does not find all of: $*"
    quiet install -y --no-install-recommends "$@" || fail "apt-get install failed"
}

quiet() { "${apt[@]}" -q "$@" >"$log" 2>&1 </dev/null; }

fail() {
    tail -n 15 "$log" >&2
    say "mattone: $1; the whole output is in $log" >&2
    exit 1
}

# apt's rehearsal says `Inst NAME (...)` for a new package and `Inst NAME [OLD] (...)` for an upgrade.
write_down() {
    local plan
    plan=$("${apt[@]}" -s install --no-install-recommends "$@") || return 1
    {
        if [ -f "$record" ]; then cat "$record"; fi
        awk '$1 == "Inst" && $3 !~ /^\[/ {print $2}' <<<"$plan"
    } | sort -u >"$record.new"
    mv "$record.new" "$record"
}

# Of the packages that were added, those that are still there.
added() {
    if [ ! -f "$record" ]; then return 0; fi
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" {print $2}' | sort | comm -12 "$record" -
}

removal() {
    local -a packages
    mapfile -t packages < <(added)
    [ ${#packages[@]} -gt 0 ] || return 0
    say "To remove the ${#packages[@]} system packages that mattone added ($record), type:"
    say "    make demo-clean PURGE=1"
}

purge() {
    local -a packages
    local others
    mapfile -t packages < <(added)
    if [ ${#packages[@]} -eq 0 ]; then
        say "system packages: none of mattone's to remove"
        rm -rf "$state"
        return 0
    fi
    [ "$EUID" -eq 0 ] || { say "mattone: removing packages needs root: sudo make demo-clean PURGE=1" >&2; exit 1; }
    others=$("${apt[@]}" -s purge "${packages[@]}" | awk '$1 == "Purg" || $1 == "Remv" {print $2}' | sort -u | comm -13 "$record" -)
    if [ -n "$others" ]; then
        say "mattone: nothing was removed, because these packages came later and need the ones that mattone added:" >&2
        say "    $(tr '\n' ' ' <<<"$others")" >&2
        exit 1
    fi
    if grep -qx podman "$record"; then empty_podman; fi
    say "system packages: removing ${#packages[@]}"
    quiet purge -y "${packages[@]}" || fail "apt-get purge failed"
    rm -rf "$state"
}

# Podman came with us, so its storage did too: it goes when nobody has put anything else there.
empty_podman() {
    local inside
    inside=$({ podman ps --all --quiet && podman images --all --quiet && podman volume ls --quiet; } 2>"$log") || inside=unknown
    if [ -n "$inside" ]; then
        say "mattone: podman's storage holds containers or images of others and was left in place" >&2
    else
        podman system reset --force >"$log" 2>&1 </dev/null || say "mattone: podman's storage was left in place ($log)" >&2
    fi
}

case ${1:-} in
    install) install_missing ;;
    missing) missing ;;
    removal) removal ;;
    purge) purge ;;
    *) say "usage: system.sh install|missing|removal|purge" >&2; exit 2 ;;
esac
