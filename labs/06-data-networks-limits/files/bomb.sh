# A fork bomb, with a fuse: it goes off only where the limit is 20 processes
for file in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do
    [ -e $file ] && read -r limit < $file
done
[ "$limit" = 20 ] || exit 1
bomb() { bomb | bomb & }
bomb &    # one fork, and this shell goes on
n=0; while [ $n -lt 30000 ]; do n=$((n + 1)); done    # nothing here may need a process of its own
for file in /sys/fs/cgroup/pids.events /sys/fs/cgroup/pids/pids.events; do
    [ -e $file ] && read -r word times < $file
done
echo "processes refused so far: $times"
