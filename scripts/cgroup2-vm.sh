#!/usr/bin/env bash
# Runs a command inside a virtual machine with a Debian kernel and cgroup v2, on this machine's own files (read-only below
# a throw-away overlay), with a disk and a network of its own. For machines that have only cgroup v1 at hand.
#
#   scripts/cgroup2-vm.sh "npx vitest run src/sandbox"
#
# Needs qemu-system-x86, busybox-static, cpio and, unless KERNEL_DEB names one, apt-get download. Exits with the command's code;
# with 77 and a loud word where qemu is absent.
set -euo pipefail
cd "$(dirname "$0")/.."
command=${1:?a command to run inside}
for program in qemu-system-x86_64 busybox cpio dpkg-deb depmod mkfs.ext4; do
  command -v "$program" > /dev/null || { echo "SKIPPED: $program is missing (apt-get install qemu-system-x86 busybox-static cpio kmod)"; exit 77; }
done

cache=$PWD/.cache/cgroup2-vm
mkdir -p "$cache"
newest_kernel() { find "$cache" -maxdepth 1 -name 'linux-image-*.deb' | sort | tail -1; }
kernel_deb=${KERNEL_DEB:-$(newest_kernel)}
if [ -z "$kernel_deb" ]; then
  fetch_kernel() {
    local package
    package=$(apt-cache depends linux-image-amd64 2> /dev/null | awk '/Depends: linux-image/ { print $2; exit }')
    [ -n "$package" ] && (cd "$cache" && apt-get download -qq -o Acquire::Retries=3 "$package" 2> /dev/null)
  }
  fetch_kernel || { apt-get update -qq && fetch_kernel; } || true
  kernel_deb=$(newest_kernel)
  [ -n "$kernel_deb" ] || { echo "SKIPPED: no kernel package could be fetched (apt-get update, then again)"; exit 77; }
fi
[ -d "$cache/kernel" ] || { mkdir "$cache/kernel.new"; dpkg-deb -x "$kernel_deb" "$cache/kernel.new"; mv "$cache/kernel.new" "$cache/kernel"; }
kernel=$(ls "$cache"/kernel/boot/vmlinuz-*)
release=${kernel##*/vmlinuz-}
modules=$cache/kernel/lib/modules/$release

# What the guest needs before it has a root, in any order: each is loaded with what it depends on.
depmod -b "$cache/kernel" "$release"
initramfs=$cache/initramfs
rm -rf "$initramfs"
mkdir -p "$initramfs"/{bin,proc,sys,dev,root,low,up,modules}
cp "$(command -v busybox)" "$initramfs/bin/busybox"
wanted=(virtio_pci virtio_blk virtio_net 9pnet_virtio 9p overlay loop ext4 veth bridge tun nf_tables nft_masq nft_chain_nat nft_ct nft_fib_inet nft_reject_inet nft_connlimit)
for module in "${wanted[@]}"; do
  modprobe -d "$cache/kernel" -S "$release" --show-depends "$module" 2> /dev/null | awk '/^insmod/ { print $2 }'
done | awk '!seen[$0]++' > "$cache/order"
: > "$initramfs/modules/order"
while read -r path; do
  cp "$path" "$initramfs/modules/"
  basename "$path" >> "$initramfs/modules/order"
done < "$cache/order"

cat > "$initramfs/init" << 'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module" || true; done < /modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,ro,cache=loose root /low || exec poweroff -f
mount -t ext4 /dev/vda /up; mkdir /up/upper /up/work /up/tmp
mount -t overlay -o lowerdir=/low,upperdir=/up/upper,workdir=/up/work overlay /root
mount -t proc proc /root/proc; mount -t sysfs sys /root/sys; mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm; mount -t devpts devpts /root/dev/pts; mount -t tmpfs shm /root/dev/shm
umount -l /root/sys/fs/cgroup 2> /dev/null; mount -t cgroup2 none /root/sys/fs/cgroup
mount -t tmpfs run /root/run; mount --bind /up/tmp /root/tmp
ip link set lo up
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
chroot /root /bin/bash /tmp-command
echo "VM-EXIT-CODE=$?"
poweroff -f
INIT
chmod +x "$initramfs/init"
cat > "$cache/command" << RUN
export PATH=$PATH HOME=$HOME TERM=dumb CI=${CI:-}
cd $PWD && $command
RUN
# The command reaches the guest inside the initramfs and is copied over the overlay's root before chroot.
cp "$cache/command" "$initramfs/command"
sed -i 's#^chroot /root#cp /command /root/tmp-command; chroot /root#' "$initramfs/init"
# The guest has a /tmp of its own: a checkout below it is laid over the one that the machine's would show.
case $PWD/ in
  /tmp/*)
    over="mkdir -p /up/project /up/project-work '/root$PWD'"
    over="$over; mount -t overlay -o 'lowerdir=/low$PWD,upperdir=/up/project,workdir=/up/project-work' overlay '/root$PWD'"
    sed -i "s#^ip link set lo up#$over; ip link set lo up#" "$initramfs/init"
    ;;
esac
(cd "$initramfs" && find . | cpio -o -H newc --quiet | gzip -1) > "$cache/initramfs.gz"

# Not in memory: what a sandbox writes to a disk in memory would count as its own memory.
disk=$cache/disk.img
rm -f "$disk"
truncate -s 6G "$disk"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1 "$disk"

# Nested virtualisation that half works hangs at the boot screen, so it is used only when asked for.
accel=${ACCEL:-tcg,thread=multi}
echo "Booting $release with cgroup v2 under qemu ($accel) …"
timeout "${VM_TIMEOUT:-1200}" qemu-system-x86_64 -accel "$accel" -cpu max -smp 2 -m 4096 -nographic -no-reboot -nodefaults -serial stdio \
  -kernel "$kernel" -initrd "$cache/initramfs.gz" \
  -append "console=ttyS0 quiet panic=-1 cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1" \
  -drive "file=$disk,format=raw,if=virtio,cache=unsafe" -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
  -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap < /dev/null | tee "$cache/console.log" || true
rm -f "$disk"
code=$(sed -n 's/.*VM-EXIT-CODE=\([0-9]*\).*/\1/p' "$cache/console.log" | tail -1)
exit "${code:-1}"
