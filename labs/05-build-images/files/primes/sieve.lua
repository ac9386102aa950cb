-- Writes all primes up to a limit, one a line: the long way, by trying to divide.
local limit, primes = tonumber(arg[1]), {}
for n = 2, limit do
  local divisible = false
  for _, p in ipairs(primes) do
    if p * p > n then break end
    if n % p == 0 then divisible = true break end
  end
  if not divisible then primes[#primes + 1] = n end
end
print(table.concat(primes, "\n"))
