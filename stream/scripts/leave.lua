-- Removes consumers' names under which nothing is pending: XGROUP DELCONSUMER
-- would take what is pending along, out of everybody's reach. ARGV: idle ms from
-- which a name counts as dead; -1 to remove my own only.
-- Answers the names removed.
if redis.call('EXISTS', STREAM) == 0 then return no_group() end
local idle, removed = tonumber(ARGV[3]), {}
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', STREAM, GROUP)) do
  local by = {}
  for i = 1, #info, 2 do by[info[i]] = info[i + 1] end
  local name = by['name']
  local wanted = name == ME
  if idle >= 0 then wanted = name ~= ME and name ~= PARKED and by['idle'] >= idle end
  if wanted and by['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', STREAM, GROUP, name)
    removed[#removed + 1] = name
  end
end
return removed
