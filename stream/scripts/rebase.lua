-- Makes idle times count again after the server's clock went back: an entry that was
-- delivered in what is the future now has been idle for 0 ms until then, and would be
-- reclaimed by nobody. It stays whose it is; its idle time begins now, as that of any
-- that was delivered in this very moment does. ARGV: where to begin, how many to look at.
-- Answers [the id behind which to go on, '' at the end; ids whose payload was lost;
-- the server's time].
local bad = check_dead()
if bad then return bad end
local lost = {}
local rows = redis.call('XPENDING', STREAM, GROUP, ARGV[3], '+', ARGV[4])
for _, row in ipairs(rows) do
  if row[3] == 0 and not payload(row[1]) then
    entomb(row[1], row[4]) -- XCLAIM would drop it without a word
    lost[#lost + 1] = row[1]
  elseif row[3] == 0 and row[2] ~= '' then
    redis.call('XCLAIM', STREAM, GROUP, row[2], 0, row[1], 'IDLE', 0, 'JUSTID')
  end
end
if #rows < tonumber(ARGV[4]) then return { '', lost, now_ms() } end
return { rows[#rows][1], lost, now_ms() }
