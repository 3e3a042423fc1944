-- Hand-over without counting. ARGV: 1 where the server has XNACK, else 0, then
-- id, deliveries, ... The entry may be taken at once, and has been delivered
-- once less. Of one whose payload was deleted nothing is left to hand back: a
-- tombstone says so. Answers 1 or 0 (not mine) for each.
local out, now = {}, string.format('%.0f', now_ms())
for i = 4, #ARGV, 2 do
  local id, count = ARGV[i], tonumber(ARGV[i + 1])
  if not mine(id, ARGV[i + 1]) then
    out[#out + 1] = 0
  elseif not payload(id) then
    entomb(id, ARGV[i + 1]) -- XCLAIM would drop it without a word
    out[#out + 1] = 1
  else
    redis.call('ZADD', RETRY, now, id)
    -- A server that has XNACK may still refuse it (an ACL rule, other arguments).
    local nacked = ARGV[3] == '1' and redis.pcall('XNACK', STREAM, GROUP, 'SILENT', 'IDS', 1, id)
    if not nacked or type(nacked) == 'table' then
      redis.call('XCLAIM', STREAM, GROUP, PARKED, 0, id, 'RETRYCOUNT', math.max(count - 1, 0), 'JUSTID')
    end
    out[#out + 1] = 1
  end
end
return out
