FROM busybox
COPY worker /usr/local/bin/
CMD worker && echo "worker has ended"
