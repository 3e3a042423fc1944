-- Makes a group that has gone, and puts what a worker still holds back into its
-- pending entries list. ARGV: the position from which the group reads on when it
-- has to be made, then id, deliveries, ... of what is held.
-- Answers 1 when the group was made, 0 when it was there.
local function last_id()
  local info = redis.call('XINFO', 'STREAM', STREAM)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end
local there = redis.call('EXISTS', STREAM) == 1
local at = there and position()
local made = 0
if not at then
  at, made = ARGV[3], 1
  -- A stream that has gone as well, or has not come as far as the position yet, is
  -- another one: all of it is new. The server's clock, and with it the ids, went back.
  if not there or above(at, last_id()) then at = '0-0' end
  redis.call('XGROUP', 'CREATE', STREAM, GROUP, at, 'MKSTREAM')
end
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  -- Only what is at or below last-delivered-id: '>' gives the rest by itself,
  -- and would give it twice.
  if not above(id, at) and not pending(id) and payload(id) then
    redis.call('XCLAIM', STREAM, GROUP, ME, 0, id, 'FORCE', 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
  end
end
-- What was parked went with the group; its times have not.
if made == 1 then
  for _, id in ipairs(redis.call('ZRANGE', RETRY, 0, -1)) do
    if not above(id, at) and not pending(id) and payload(id) then
      redis.call('XCLAIM', STREAM, GROUP, PARKED, 0, id, 'FORCE', 'RETRYCOUNT', failures(id), 'JUSTID')
    end
  end
end
return made
