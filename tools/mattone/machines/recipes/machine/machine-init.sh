#!/bin/sh
# The first process of a machine. It waits until the host has set the limits, the port rules and the
# volumes of this start, so that no service ever runs without them; then it becomes the init system.
set -eu
seed=/.machine

while [ ! -e "$seed/ready" ]; do sleep 0.05; done

if [ ! -e /var/lib/machine-seeded ]; then
    install -d -o cloudadm -g cloudadm -m 0700 /home/cloudadm/.ssh
    install -o cloudadm -g cloudadm -m 0600 "$seed/authorized_keys" /home/cloudadm/.ssh/authorized_keys
    install -m 0600 "$seed/ssh_host_ed25519_key" /etc/ssh/ssh_host_ed25519_key
    install -m 0644 "$seed/ssh_host_ed25519_key.pub" /etc/ssh/ssh_host_ed25519_key.pub
    install -m 0644 "$seed/hosts" /etc/hosts
    sync
    : >/var/lib/machine-seeded
fi
exec /sbin/init
