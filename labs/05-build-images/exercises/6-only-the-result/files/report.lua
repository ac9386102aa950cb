-- Makes a big table of squares, keeps it, and reports its sum.
local token, sum = io.open("/token.txt"):read(), 0
local squares = io.open("/squares.txt", "w")
for n = 1, 100000 do
  squares:write(n * n, "\n")
  sum = sum + n * n
end
print("report " .. token .. ": the sum of 100000 squares is " .. sum)
