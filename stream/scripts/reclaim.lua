-- Takes over what no living worker holds: XAUTOCLAIM finds what is idle for
-- longer than the lease and parks it; what waits in the retry set stays parked
-- for its time, the rest is taken. ARGV: lease in ms, cursor, at most how many,
-- the server's time in ms after which nothing may be taken (0: never mind): when
-- the server stood still, or its clock jumped, those who live look idle.
-- Answers [next cursor, entries taken, ids whose payload was lost, server's time,
-- 1 when it was too late].
local bad = check_dead()
if bad then return bad end
local now = now_ms()
local latest = tonumber(ARGV[6])
if latest > 0 and now > latest then return { ARGV[4], {}, {}, now, 1 } end
local found = redis.call('XAUTOCLAIM', STREAM, GROUP, PARKED, ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'JUSTID')
local ids = {}
for _, id in ipairs(found[2]) do
  if not redis.call('ZSCORE', RETRY, id) then ids[#ids + 1] = id end
end
local taken, lost = take(ids, false)
for _, id in ipairs(found[3] or {}) do -- deleted while pending; XAUTOCLAIM dropped them
  entomb(id, 0)
  lost[#lost + 1] = id
end
return { found[1], taken, lost, now, 0 }
