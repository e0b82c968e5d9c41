#!/bin/sh
# Adds to a machine the Ansible that configures other machines: an environment from a hash-locked list, its
# collections, and the places where the Infrastructure Manager looks. Called as recipes/machine/customise.sh is.
set -eu
root=$1
recipe=$MATTONE_STAGE/recipes/controller
mamba=/var/tmp/.mamba
work=$root/tmp/controller

# While it is built, the root folder has the resolver of the host.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$work" "$root$mamba/bin" "$root$mamba/envs" "$root/var/tmp/ansible/roles" "$root/var/tmp/ansible/ansible_collections"
cp "$recipe/requirements.txt" "$recipe/collections.txt" "$work/"
chmod 1777 "$root/var/tmp"

inside() { chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }

inside python3 -m venv "$mamba/envs/ansible"
inside "$mamba/envs/ansible/bin/python3" -m pip --disable-pip-version-check install --no-cache-dir --no-compile \
    --only-binary=:all: --require-hashes --requirement /tmp/controller/requirements.txt
inside "$mamba/envs/ansible/bin/python3" -m pip --disable-pip-version-check download --no-cache-dir --no-deps \
    --only-binary=:all: --require-hashes --requirement /tmp/controller/collections.txt --dest /tmp/controller/wheels

set --
for collection in $(sed 's/#.*//' "$recipe/collections.list"); do
    set -- "$@" "ansible_collections/$(echo "$collection" | tr . /)/*"
done
inside unzip -q -o "/tmp/controller/wheels/ansible-$(sed -n 's/^ansible==\([^ ]*\).*/\1/p' "$recipe/collections.txt")-py3-none-any.whl" \
    "$@" -d /var/tmp/ansible
inside "$mamba/envs/ansible/bin/python3" -m compileall -q -j 0 "$mamba/envs/ansible/lib"

install -m 0755 "$recipe/micromamba.sh" "$root$mamba/bin/micromamba"
install -m 0644 "$recipe/ansible.cfg" "$root/var/tmp/ansible.cfg"
install -m 0644 "$recipe/tmpfiles.conf" "$root/etc/tmpfiles.d/ansible-host.conf"
inside chown -R cloudadm:cloudadm /var/tmp/ansible /var/tmp/ansible.cfg
inside "$mamba/bin/micromamba" run -n ansible ansible --version
for collection in $(sed 's/#.*//' "$recipe/collections.list"); do
    [ -e "$root/var/tmp/ansible/ansible_collections/$(echo "$collection" | tr . /)/MANIFEST.json" ]
done

rm -rf "$work" "$root/etc/resolv.conf" "$root"/root/.ansible "$root"/root/.cache "$root"/usr/share/doc/* "$root"/usr/share/man/* \
    "$root"/usr/share/locale/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
    "$root"/var/log/apt "$root"/var/log/*.log
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
mkdir -p "$root/var/lib/apt/lists/partial"
touch -d @0 "$root/var/lib/apt/lists"
