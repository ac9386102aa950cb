# "downloads" what the application needs: slow, and never byte for byte the same
mkdir -p /opt
for name in $(cat /app/needs.txt); do
    echo "$name $(head -c 8 /dev/urandom | xxd -p)" >> /opt/installed
done
