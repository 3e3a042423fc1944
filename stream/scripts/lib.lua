-- What every script begins with. KEYS: the stream, the group's retry set, its
-- failures hash, its dead-letter stream. ARGV: the group, the consumer that
-- asks, then the script's own arguments.
local STREAM, RETRY, FAILURES, DEAD = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local GROUP, ME = ARGV[1], ARGV[2]
local PARKED = 'leat:parked'

-- The row of the pending entries list: id, consumer, idle ms, deliveries.
-- Raises NOGROUP when the group is gone.
local function pending(id)
  return redis.call('XPENDING', STREAM, GROUP, id, id, 1)[1]
end

-- XINFO has no NOGROUP for a stream that is gone.
local function no_group()
  return redis.error_reply('NOGROUP No such consumer group ' .. GROUP .. ' of stream ' .. STREAM)
end

-- The fence: the entry is pending, under my name, with the count I know.
local function mine(id, deliveries)
  local row = pending(id)
  return row and row[2] == ME and tostring(row[4]) == deliveries
end

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The group's last-delivered-id; nil when there is no such group. The stream exists.
local function position()
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', STREAM)) do
    local by = {}
    for i = 1, #info, 2 do by[info[i]] = info[i + 1] end
    if by['name'] == GROUP then return by['last-delivered-id'] end
  end
end

-- Number of failures and the last error of an entry.
local function failures(id)
  local v = redis.call('HGET', FAILURES, id)
  if not v then return 0, '' end
  local n, err = string.match(v, '^(%d+) ?(.*)$')
  return tonumber(n) or 0, err or ''
end

-- Forget what was kept beside the pending entries list.
local function forget(id)
  redis.call('HDEL', FAILURES, id)
  redis.call('ZREM', RETRY, id)
end

-- A type that XADD would refuse must be found before anything is written: a
-- script is not rolled back.
local function check_dead()
  local kind = redis.call('TYPE', DEAD)
  kind = kind.ok or kind
  if kind ~= 'none' and kind ~= 'stream' then
    return redis.error_reply('WRONGTYPE dead-letter key ' .. DEAD .. ' holds a ' .. kind)
  end
end

-- More arguments than this do not fit on Lua's stack in one call.
local MAX_ARGS = 7000

-- Adds a dead letter: where it came from, why, then the original fields in
-- their order. An entry with more fields than one call takes is packed into a
-- single field, each string behind its length.
local function bury(id, reason, err, attempts, deliveries, consumer, fields)
  local args = {
    'leat-stream', STREAM, 'leat-group', GROUP, 'leat-entry', id, 'leat-reason', reason, 'leat-error', err,
    'leat-attempts', attempts, 'leat-deliveries', deliveries, 'leat-consumer', consumer, 'leat-time', string.format('%.0f', now_ms()),
    'leat-fields', fields and #fields / 2 or -1,
  }
  if fields and #fields > MAX_ARGS then
    local packed = {}
    for i, s in ipairs(fields) do packed[i] = #s .. ':' .. s end
    fields = { 'leat-packed', table.concat(packed) }
  end
  for _, s in ipairs(fields or {}) do args[#args + 1] = s end
  redis.call('XADD', DEAD, '*', unpack(args))
end

-- The fields of an entry of the stream, nil when it was deleted.
local function payload(id)
  local entry = redis.call('XRANGE', STREAM, id, id)[1]
  return entry and entry[2]
end

-- Whether entry id a is above b. IDs do not fit into Lua's numbers: they are
-- compared as digits, the longer one being the greater.
local function above(a, b)
  local ams, aseq = string.match(a, '^(%d+)-?(%d*)$')
  local bms, bseq = string.match(b, '^(%d+)-?(%d*)$')
  local function cmp(x, y)
    if #x ~= #y then return #x > #y and 1 or -1 end
    if x == y then return 0 end
    return x > y and 1 or -1
  end
  local c = cmp(ams, bms)
  if c == 0 then c = cmp(aseq == '' and '0' or aseq, bseq == '' and '0' or bseq) end
  return c > 0
end

-- An entry that is pending but whose payload was deleted: nothing can be
-- handled any more. A tombstone in the dead-letter stream says that it was. It
-- is no reason to fail when even that cannot be stored (OOM): the caller counts.
local function entomb(id, deliveries)
  local n, err = failures(id)
  pcall(bury, id, 'payload-lost', err, n, deliveries, ME, nil)
  redis.call('XACK', STREAM, GROUP, id)
  forget(id)
end

-- The greatest delivery count that we write: XNACK FATAL sets one that Lua's
-- numbers cannot hold.
local MAX_COUNT = 1000000000

-- Takes pending entries over for me: one delivery more each, unless keep says
-- that the count stays. Answers [id, fields, deliveries, failures] of each, and
-- entombs those without payload, whose ids are the second result.
local function take(ids, keep)
  local taken, lost = {}, {}
  for _, id in ipairs(ids) do
    local row = pending(id)
    local fields = row and payload(id)
    if fields then
      local count = math.min(row[4] + (keep and 0 or 1), MAX_COUNT)
      redis.call('XCLAIM', STREAM, GROUP, ME, 0, id, 'RETRYCOUNT', string.format('%.0f', count), 'JUSTID')
      local n = failures(id)
      taken[#taken + 1] = { id, fields, count, n }
    elseif row then
      entomb(id, row[4])
      lost[#lost + 1] = id
    end
  end
  return taken, lost
end
