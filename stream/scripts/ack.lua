-- Fenced acknowledgement. ARGV: id, deliveries, id, deliveries, ...
-- Answers 1 for each that was mine and is settled now, 0 for each that was not.
local out = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if mine(id, ARGV[i + 1]) then
    redis.call('XACK', STREAM, GROUP, id)
    forget(id)
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
end
return out
