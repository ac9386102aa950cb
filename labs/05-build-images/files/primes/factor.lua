-- Takes numbers apart, with the primes that sieve.lua has found.
for _, word in ipairs(arg) do
  local rest, factors = tonumber(word), {}
  for line in io.lines("primes.txt") do
    local p = tonumber(line)
    while rest % p == 0 do factors[#factors + 1] = p; rest = rest // p end
    if rest == 1 then break end
  end
  print(word .. " = " .. table.concat(factors, " x "))
end
