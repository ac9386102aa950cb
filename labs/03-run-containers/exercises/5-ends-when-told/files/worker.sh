# works until it is told to stop
echo ready
sleep 3600
