-- Fenced heartbeat. ARGV: id, deliveries, id, deliveries, ...
-- Answers for each: 1 held for another lease, 0 not mine, 2 was mine but its
-- payload was deleted: Redis dropped it, a tombstone says so; 3 not pending at all.
local out = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if not mine(id, ARGV[i + 1]) then
    out[#out + 1] = pending(id) and 0 or 3
  elseif redis.call('XCLAIM', STREAM, GROUP, ME, 0, id, 'JUSTID')[1] then
    out[#out + 1] = 1
  else
    entomb(id, ARGV[i + 1])
    out[#out + 1] = 2
  end
end
return out
