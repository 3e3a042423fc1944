-- Publishes a batch of one source's items: entries, what is remembered of each
-- item, and the state of the pass, in one step. Sending it again changes nothing.
-- KEYS: the stream, the lease, the state, the seen items, the lags.
-- ARGV: the token, the lease in ms, the number of the reconciling pass, the new
-- state ('' for none), then operations, each with its name first:
--   item  FIELD DAY VERSION HREF MODE LAGS N ARG...
--         an item as it is on the server. MODE: pass passes over what is not known;
--         live publishes it; all publishes what was passed over, too; again whatever
--         it is. LAGS: fields of the lags to count, with spaces between. ARG are the N
--         arguments of XADD.
--   touch FIELD VERSION        the item is as it was
--   gone  FIELD VERSION N ARG  publishes that an item is deleted
--   drop  FIELD VERSION        forgets an item
-- A seen item is 'PASS STATE DAY VERSION HREF': the last reconciling pass that saw
-- it; the last answer about it but s, and how often it has come back after a
-- deletion; its day; its version; its URL where that is not the usual one.
-- Answers a letter for each operation: c created, r replaced, k passed over,
-- s the same as before, x deleted, f forgotten, u not known, - not so any more.
local STREAM, LEASE, STATE, SEEN, LAGS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local TOKEN, PASS = ARGV[1], tonumber(ARGV[3])

-- The fence: whoever lost the lease changes nothing.
if redis.call('GET', LEASE) ~= TOKEN then
  return redis.error_reply('FENCED the lease ' .. LEASE .. ' is not held by this poller any more')
end
-- What XADD would refuse is found before anything is written: a script is not
-- rolled back.
local kind = redis.call('TYPE', STREAM)
kind = kind.ok or kind
if kind ~= 'none' and kind ~= 'stream' then
  return redis.error_reply('WRONGTYPE ' .. STREAM .. ' holds a ' .. kind .. ' and no stream')
end
redis.call('PEXPIRE', LEASE, ARGV[2])

local at = 5
local function take()
  at = at + 1
  return ARGV[at - 1]
end

local function known(field)
  local v = redis.call('HGET', SEEN, field)
  if not v then return nil end
  local pass, state, again, day, version, href = string.match(v, '^(%d+) (%a)(%d*) (%S+) (%S+) ?(.*)$')
  return { pass = tonumber(pass) or 0, state = state, again = tonumber(again) or 0, day = day, version = version, href = href }
end

local function remember(field, was, state, again, day, version, href)
  local pass = math.max(PASS, was and was.pass or 0)
  redis.call('HSET', SEEN, field,
    string.format('%d %s%s %s %s', pass, state, again > 0 and tostring(again) or '', day, version) .. (href ~= '' and ' ' .. href or ''))
end

-- Adds an entry whose arguments come next. What happens to an item that had been
-- deleted has IDs of its own: they would be those of its first life otherwise.
local function add(what, again)
  local n = tonumber(take())
  local args = {}
  for i = 1, n do args[i] = ARGV[at + i - 1] end
  at = at + n
  if not what then return end
  for i = 1, n, 2 do
    if args[i] == 'type' then
      args[i + 1] = args[i + 1] .. '.' .. what
    elseif args[i] == 'id' and again > 0 then
      args[i + 1] = args[i + 1] .. '-' .. again
    end
  end
  redis.call('XADD', STREAM, '*', unpack(args))
end

local operations = {}

function operations.item()
  local field, day, version, href, mode, lags = take(), take(), take(), take(), take(), take()
  local was = known(field)
  local again = was and was.again or 0
  local old = mode == 'all' or mode == 'again'
  local answer = 's'
  if not was then
    answer = mode == 'pass' and 'k' or 'c'
  elseif was.state == 'd' then
    answer, again = 'c', again + 1
  elseif was.state == 'k' and old then
    answer = 'c'
  elseif was.version ~= version then
    answer = 'r'
  elseif mode == 'again' then
    answer = was.state
  end
  local what = ({ c = 'create', r = 'replace' })[answer]
  add(what, again)
  if answer ~= 's' then
    remember(field, was, answer, again, day, version, href)
  elseif was.pass < PASS then
    remember(field, was, was.state, was.again, was.day, was.version, was.href)
  end
  if what then
    for lag in string.gmatch(lags, '%S+') do
      -- How late an item was published says nothing of a new version of it.
      if answer == 'c' or string.sub(lag, 1, 1) == 'u' then redis.call('HINCRBY', LAGS, lag, 1) end
    end
  end
  return answer
end

function operations.touch()
  local field, version = take(), take()
  local was = known(field)
  if not was or was.state == 'd' or was.version ~= version then return 'u' end
  if was.pass < PASS then remember(field, was, was.state, was.again, was.day, version, was.href) end
  return 's'
end

-- Whether the item is still the one that the pass did not find.
local function missed(field, version)
  local was = known(field)
  return was and was.state ~= 'd' and was.version == version and was.pass < PASS and was
end

function operations.gone()
  local field, version = take(), take()
  local was = missed(field, version)
  add(was and 'delete', was and was.again or 0)
  if not was then return '-' end
  remember(field, was, 'd', was.again, was.day, version, was.href)
  return 'x'
end

function operations.drop()
  local field, version = take(), take()
  if not missed(field, version) then return '-' end
  redis.call('HDEL', SEEN, field)
  return 'f'
end

local answers = {}
while at <= #ARGV do
  answers[#answers + 1] = operations[take()]()
end
if ARGV[4] ~= '' then redis.call('HSET', STATE, 'state', ARGV[4]) end
return table.concat(answers)
