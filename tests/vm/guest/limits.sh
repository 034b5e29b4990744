# Runs in the container of limits.container. Says what it got of memory, processes and processor. Once there are as many processes
# as there may be, only what the shell does by itself works.
own=/sys/fs/cgroup
read -r memory <$own/memory.max
read -r processes <$own/pids.max
read -r processor <$own/cpu.max
echo "groups $memory $processes $processor"
# In one call of the kernel's: two programs in a pipe read their own text from the disk again and again, for minutes, before
# one is killed.
busybox dd if=/dev/zero of=/dev/null bs=96M count=1 2>/dev/null
echo "memory $?"
# A shell that can't make another process ends.
(
    begun=0
    while [ $begun -lt 60 ]; do
        begun=$((begun + 1))
        busybox sleep 60 &
    done
) 2>/dev/null
set -- /proc/[0-9]*
echo "processes $#"
round=0
while [ $round -lt 100000 ]; do round=$((round + 1)); done
while read -r name value; do
    [ "$name" != nr_throttled ] || echo "throttled $value"
done <$own/cpu.stat
