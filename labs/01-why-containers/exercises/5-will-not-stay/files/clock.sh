#!/bin/sh
# clock.sh: one line a second, until it is told to stop
trap 'exit 0' TERM
count=0
while true; do
    count=$((count + 1))
    echo "tick $count"
    sleep 1
done
