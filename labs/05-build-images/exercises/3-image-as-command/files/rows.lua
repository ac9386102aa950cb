-- Prints a row of the multiplication table for each number it is given.
if #arg == 0 then print("which number?") os.exit(2) end
for _, word in ipairs(arg) do
  local row = {}
  for n = 1, 5 do row[n] = tostring(math.tointeger(tonumber(word)) * n) end
  print(word .. ": " .. table.concat(row, " "))
end
