-- bill.lua: share a bill. // divides and drops the rest.
local bill, guests = 100, 7
print(guests .. " guests pay " .. bill // guests .. " each, " .. bill % guests .. " are left over")
