echo "a visit" >> /app/data/visits && echo "visit $(wc -l < /app/data/visits), written by uid $(id -u)"
