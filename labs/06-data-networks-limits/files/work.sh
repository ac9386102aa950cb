# A piece of work that is always the same, with a watch (/proc/uptime counts seconds), and the kernel's own count
read -r began rest < /proc/uptime
awk 'BEGIN { for (i = 0; i < 800000; i++); }'
read -r ended rest < /proc/uptime
echo "$began $ended" | awk '{ print "seconds", $2 - $1 }'
cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null | grep -E '^nr_(periods|throttled)'
