-- The lease of a source: a string with the token of whoever polls it. KEYS: the
-- lease. ARGV: take, keep or leave, the token, the time in ms.
-- take answers 0 when it is mine now, else for how many ms it is not; keep and
-- leave whether it was mine.
local LEASE, TOKEN = KEYS[1], ARGV[2]
local held = redis.call('GET', LEASE)
if ARGV[1] == 'take' then
  if held and held ~= TOKEN then return math.max(redis.call('PTTL', LEASE), 1) end
  redis.call('SET', LEASE, TOKEN, 'PX', ARGV[3])
  return 0
end
if held ~= TOKEN then return 0 end
if ARGV[1] == 'keep' then redis.call('PEXPIRE', LEASE, ARGV[3]) else redis.call('DEL', LEASE) end
return 1
