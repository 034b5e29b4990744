# Runs in the container of limits.container. Says what it got of memory, processes and processor.
own=/sys/fs/cgroup
echo "groups $(busybox cat $own/memory.max $own/pids.max $own/cpu.max | busybox tr '\n' ' ')"
busybox head -c 96m /dev/zero | busybox tail -c 96m >/dev/null
echo "memory $?"
begun=0
while [ $begun -lt 60 ]; do
    begun=$((begun + 1))
    busybox sleep 30 &
done 2>/dev/null
echo "processes $(busybox ls -d /proc/[0-9]* | busybox wc -l)"
round=0
while [ $round -lt 100000 ]; do round=$((round + 1)); done
echo "throttled $(busybox sed -n 's/^nr_throttled //p' $own/cpu.stat)"
