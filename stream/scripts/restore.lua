-- Makes a group that has gone, and puts what a worker still holds back into its
-- pending entries list. ARGV: the position from which the group reads on when it
-- has to be made, then id, deliveries, ... of what is held.
-- Answers 1 when the group was made, 0 when it was there.
local function position()
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', STREAM)) do
    local by = {}
    for i = 1, #info, 2 do by[info[i]] = info[i + 1] end
    if by['name'] == GROUP then return by['last-delivered-id'] end
  end
end
local at = redis.call('EXISTS', STREAM) == 1 and position()
local made = 0
if not at then
  redis.call('XGROUP', 'CREATE', STREAM, GROUP, ARGV[3], 'MKSTREAM')
  at, made = ARGV[3], 1
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
