# goes through the orders; ends with CODE at a broken one
for order in $ORDERS; do
    if [ "$order" = broken ]; then
        echo "a broken order, giving up" >&2
        exit CODE
    fi
    echo "sent: $order"
done
echo "all orders sent"
