-- A failed try. ARGV: id, deliveries, delay in ms, error, 'park' or 'keep',
-- the how manieth failure this is (for keep, which may be repeated).
-- park: the entry waits for its time under no worker's name. keep: it stays
-- mine, and waits in my memory (what is behind it in order must not pass it).
-- Answers the number of failures; 0 when it was not mine; -1 when its payload
-- was deleted, so that there is nothing to try again: only I have it still.
local id, delay, err = ARGV[3], tonumber(ARGV[5]), ARGV[6]
if not mine(id, ARGV[4]) then return 0 end
if not payload(id) then return -1 end
local n = failures(id) + 1
if ARGV[7] == 'keep' then n = tonumber(ARGV[8]) end
redis.call('HSET', FAILURES, id, n .. ' ' .. err)
if ARGV[7] == 'park' then
  redis.call('ZADD', RETRY, string.format('%.0f', now_ms() + delay), id)
  redis.call('XCLAIM', STREAM, GROUP, PARKED, 0, id, 'JUSTID')
else
  redis.call('XCLAIM', STREAM, GROUP, ME, 0, id, 'JUSTID')
end
return n
