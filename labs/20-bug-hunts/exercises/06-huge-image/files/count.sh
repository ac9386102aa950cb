echo "$(wc -c < /measurements) bytes measured, $(cat /token.txt)" > /report
