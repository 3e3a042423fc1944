-- Moves an entry to the dead-letter stream. ARGV: id, deliveries, reason,
-- error, number of failures to add (0 or 1), limit of the dead-letter stream (0
-- for none), then the fields as I know them, in case that the payload was deleted.
-- First the letter, last the acknowledgement: whatever stops the script half-way,
-- the entry is still there. Answers 1; 0 when the entry was not mine; 2 when its
-- payload is gone and I sent no fields.
local id, deliveries = ARGV[3], ARGV[4]
if not mine(id, deliveries) then return 0 end
local bad = check_dead()
if bad then return bad end
local fields, reason = payload(id), ARGV[5]
if not fields then
  if #ARGV == 8 then return 2 end
  fields, reason = {}, 'payload-lost'
  for i = 9, #ARGV do fields[i - 8] = ARGV[i] end
end
bury(id, reason, ARGV[6], failures(id) + tonumber(ARGV[7]), deliveries, ME, fields)
if tonumber(ARGV[8]) > 0 then
  redis.call('XTRIM', DEAD, 'MAXLEN', '~', ARGV[8])
end
redis.call('XACK', STREAM, GROUP, id)
forget(id)
return 1
