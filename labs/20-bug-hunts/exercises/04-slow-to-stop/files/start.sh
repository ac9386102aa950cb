# prepare, then work
mkdir -p /data
sh /worker.sh
echo "the worker has ended"
