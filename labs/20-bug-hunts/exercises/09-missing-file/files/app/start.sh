exec httpd -f -p 80 -h /app/www
