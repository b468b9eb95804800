#!/bin/busybox sh
# First process of the virtual machine: brings its devices up, then hands over to the agent.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
for module in /modules/*; do insmod "$module"; done
ip link set lo up
ip link set eth0 up
# The network that QEMU emulates: 10.0.2.2 is the computer itself.
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
exec python3 -S /agent.py
