-- Takes again what is pending under my own name without my knowing it: the
-- reply that brought it was lost. The count stays: I never started it.
-- ARGV: id, deliveries, ... Answers [entries taken, ids whose payload was lost].
local bad = check_dead()
if bad then return bad end
local ids = {}
for i = 3, #ARGV, 2 do
  if mine(ARGV[i], ARGV[i + 1]) then ids[#ids + 1] = ARGV[i] end
end
local taken, lost = take(ids, true)
return { taken, lost }
