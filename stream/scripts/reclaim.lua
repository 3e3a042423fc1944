-- Takes over what no living worker holds: XAUTOCLAIM finds what is idle for
-- longer than the lease and parks it; what waits in the retry set stays parked
-- for its time, the rest is taken. ARGV: lease in ms, cursor, at most how many,
-- the server's time in ms after which nothing may be taken (0: never mind): when
-- the server stood still, or its clock jumped, those who live look idle.
-- Answers [next cursor, id, deliveries, failures of each entry taken, ids whose
-- payload was lost, server's time, 1 when it was too late, last-delivered-id, lowest
-- pending id or '']. The entries themselves are read by the caller: through Lua they
-- would cost the server twice as much.
local bad = check_dead()
if bad then return bad end
local now = now_ms()
local latest = tonumber(ARGV[6])
if latest > 0 and now > latest then return { ARGV[4], {}, {}, now, 1, '', '' } end
local found = redis.call('XAUTOCLAIM', STREAM, GROUP, PARKED, ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'JUSTID')
local ids = found[2]
if redis.call('EXISTS', RETRY) == 1 then
  ids = {}
  for _, id in ipairs(found[2]) do
    if not redis.call('ZSCORE', RETRY, id) then ids[#ids + 1] = id end
  end
end

-- How often each was delivered: in one call, but for those that others which are
-- parked between them have crowded out.
local counts = {}
if #ids > 0 then
  for _, row in ipairs(redis.call('XPENDING', STREAM, GROUP, ids[1], ids[#ids], #found[2], PARKED)) do
    counts[row[1]] = row[4]
  end
end
local failed = redis.call('EXISTS', FAILURES) == 1
local taken, same = {}, {} -- ids by the count that they get
for _, id in ipairs(ids) do
  local count = counts[id]
  if not count then
    local row = pending(id)
    count = row and row[4]
  end
  if count then
    count = math.min(count + 1, MAX_COUNT)
    local n = 0
    if failed then n = failures(id) end
    local at = #taken
    taken[at + 1], taken[at + 2], taken[at + 3] = id, count, n
    same[count] = same[count] or {}
    table.insert(same[count], id)
  end
end
for count, these in pairs(same) do
  for from = 1, #these, 1000 do
    local args = { unpack(these, from, math.min(from + 999, #these)) }
    for _, s in ipairs({ 'RETRYCOUNT', string.format('%.0f', count), 'JUSTID' }) do args[#args + 1] = s end
    redis.call('XCLAIM', STREAM, GROUP, ME, 0, unpack(args))
  end
end
local lost = {}
for _, id in ipairs(found[3] or {}) do -- deleted while pending; XAUTOCLAIM dropped them
  entomb(id, 0)
  lost[#lost + 1] = id
end
local lowest = redis.call('XPENDING', STREAM, GROUP, '-', '+', 1)[1]
return { found[1], taken, lost, now, 0, position() or '', lowest and lowest[1] or '' }
