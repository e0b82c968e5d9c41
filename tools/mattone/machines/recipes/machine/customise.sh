#!/bin/sh
# Turns a freshly unpacked distribution into a machine that boots by itself. Run on the host by
# mmdebstrap: $1 is the new root folder, MATTONE_STAGE a folder with these recipes (recipes/) and
# with what only this host knows (host/): extra CA certificates, the environment and pip's settings.
set -eu
root=$1
recipe=$MATTONE_STAGE/recipes/machine
host=$MATTONE_STAGE/host

# The account of the workspace's key: sudo without a password, and no password to guess.
chroot "$root" useradd --create-home --shell /bin/bash --password '*' cloudadm
echo 'cloudadm ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/90-cloudadm"
chmod 0440 "$root/etc/sudoers.d/90-cloudadm"

install -m 0755 "$recipe/machine-init.sh" "$root/usr/local/sbin/machine-init"
install -m 0644 "$recipe/ssh-host-keys.service" "$root/etc/systemd/system/ssh-host-keys.service"
install -m 0644 "$recipe/sshd.conf" "$root/etc/ssh/sshd_config.d/10-machine.conf"

# Certificate authorities and package index of the host: what it needs to reach the world, its machines need too.
for certificate in "$host"/certificates/*.crt; do
    [ -e "$certificate" ] || continue
    install -m 0644 "$certificate" "$root/usr/local/share/ca-certificates/"
done
chroot "$root" update-ca-certificates >/dev/null
install -m 0644 "$host/environment" "$root/etc/environment"
if [ -s "$host/pip.conf" ]; then install -m 0644 "$host/pip.conf" "$root/etc/pip.conf"; fi
echo 'LANG=C.UTF-8' >"$root/etc/default/locale"

# Ubuntu starts SSH on demand through a socket; a machine that is waited for must listen by itself.
for unit in ssh.socket sshd.socket; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
rm -rf "$root/etc/systemd/system/ssh.service.requires"
chroot "$root" systemctl --quiet enable ssh.service ssh-host-keys.service
chroot "$root" systemctl --quiet set-default multi-user.target
# Nothing to log in on, no devices to find, no disks to trim, and no surprise upgrades.
for unit in getty.target console-getty.service systemd-logind.service \
    systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
    systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer fstrim.timer \
    dpkg-db-backup.timer e2scrub_all.timer motd-news.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Each machine becomes somebody of its own at its first boot.
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_*
rm -f "$root/etc/hostname" "$root/etc/resolv.conf"

rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* \
    "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/ldconfig/* \
    "$root"/var/lib/apt/lists/* "$root"/var/log/apt "$root"/var/log/*.log "$root"/tmp/* "$root"/var/tmp/*
mkdir -p "$root/var/lib/apt/lists/partial" "$root/.machine"
# Young empty lists would let `cache_valid_time` skip the first update.
touch -d @0 "$root/var/lib/apt/lists"
