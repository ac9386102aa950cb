echo "version 1, with $(cut -d " " -f 1 /opt/installed | xargs)"
