# What the kernel was told about this container. Control groups have two versions:
# in version 2 all files lie in one folder, in version 1 each kind of limit has its own.
cd /sys/fs/cgroup
if [ -e memory.max ]; then
    echo "memory  $(cat memory.max)"
    echo "cpu     $(cat cpu.max)"
    echo "pids    $(cat pids.max)"
else
    echo "memory  $(cat memory/memory.limit_in_bytes)"
    echo "cpu     $(cat cpu/cpu.cfs_quota_us) $(cat cpu/cpu.cfs_period_us)"
    echo "pids    $(cat pids/pids.max)"
fi
