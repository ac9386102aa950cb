# A service that keeps a file in /run while it runs, and hands its data over to the user nobody
echo $$ > /run/store.pid || { echo "closed: cannot write in /run"; exit 1; }
chown nobody /data || { echo "closed: cannot give /data to nobody"; exit 2; }
echo "open: TOKEN"
exec sleep 3600
