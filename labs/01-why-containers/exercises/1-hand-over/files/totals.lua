-- totals.lua: the total of an order, and what each of two people pays. // drops the rest.
local order = io.open("/srv/order.txt")
if not order then
    io.stderr:write("totals.lua: cannot read /srv/order.txt\n")
    os.exit(1)
end
local name, total = order:read("*l"), 0
for price in order:lines() do
    total = total + tonumber(price)
end
print(name .. ": " .. total .. ", each pays " .. total // 2 .. ", left over " .. total % 2)
