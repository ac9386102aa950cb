echo "hello $1, from TOKEN"
