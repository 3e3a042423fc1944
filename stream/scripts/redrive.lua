-- Gives a dead letter back to its group alone. ARGV: the letter's id in the
-- dead-letter stream, the original id, then the original fields.
-- While the original is in the stream and was delivered before, it becomes
-- pending again with a count of 0; else a new entry is added that names the
-- group. Answers the id under which the group gets it, '' when the letter is
-- not there (any more), 'pending' when the original is pending already, or
-- 'large' when it has to be added anew and has too many fields for that.
local letter, id = ARGV[3], ARGV[4]
if not redis.call('XRANGE', DEAD, letter, letter)[1] then return '' end
if redis.call('EXISTS', STREAM) == 0 then return no_group() end
local info = redis.call('XINFO', 'GROUPS', STREAM)
local at
for _, group in ipairs(info) do
  local by = {}
  for i = 1, #group, 2 do by[group[i]] = group[i + 1] end
  if by['name'] == GROUP then at = by['last-delivered-id'] end
end
if not at then return no_group() end
local answer = id
if pending(id) then
  answer = 'pending'
elseif payload(id) and not above(id, at) then
  redis.call('ZADD', RETRY, string.format('%.0f', now_ms()), id)
  redis.call('XCLAIM', STREAM, GROUP, PARKED, 0, id, 'FORCE', 'RETRYCOUNT', 0, 'JUSTID')
  redis.call('HDEL', FAILURES, id)
elseif #ARGV - 4 > MAX_ARGS then
  return 'large' -- and change nothing: the caller has to add it
else
  local args = { 'leat-redrive-group', GROUP }
  for i = 5, #ARGV do args[#args + 1] = ARGV[i] end
  answer = redis.call('XADD', STREAM, '*', unpack(args))
end
redis.call('XDEL', DEAD, letter)
return answer
