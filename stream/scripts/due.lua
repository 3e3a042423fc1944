-- Takes what waits in the retry set and is due. ARGV: at most how many.
-- Answers [entries taken, ids whose payload was lost, ms until the next is due
-- or -1, how many wait].
local bad = check_dead()
if bad then return bad end
local now = now_ms()
local due = redis.call('ZRANGEBYSCORE', RETRY, '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[3])
local ids = {}
for _, id in ipairs(due) do
  local row = pending(id)
  redis.call('ZREM', RETRY, id)
  -- Parked by us, or without an owner by XNACK. Anything else was settled, or
  -- claimed by hand, and is under that consumer's lease.
  if row and (row[2] == PARKED or row[2] == '') then
    ids[#ids + 1] = id
  elseif not row then
    redis.call('HDEL', FAILURES, id)
  end
end
local taken, lost = take(ids, false)
local first = redis.call('ZRANGE', RETRY, 0, 0, 'WITHSCORES')
local wait = -1
if first[2] then wait = math.max(0, math.ceil(tonumber(first[2]) - now)) end
return { taken, lost, wait, redis.call('ZCARD', RETRY) }
