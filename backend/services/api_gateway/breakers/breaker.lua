-- The decisions of machine.py, taken in Redis for all replicas at once: a test holds the two together.
--
-- KEYS: a hash for each breaker, with the field `record` and one field of window totals for each replica.
-- ARGV[1]: operation, replica, channel, draw, the sender's clock. ARGV[1 + i]: the request for KEYS[i].
-- Answers a JSON text for each key. Times are milliseconds of this server's clock.

local HEALTHY_MS = 60000
local LARGEST_EXPONENT = 10
local SAME_MS = 1000           -- clocks converted to and fro differ by less
local KEPT_MS = 8 * 86400000   -- longer than any override lasts

local common = cjson.decode(ARGV[1])
local now = common.now
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function watching(record)
  local control = record.override.control
  return control == 'automatic' or control == 'shadow'
end

local function change(breaker, state, reason, retry_at, failures)
  local record = breaker.record
  local before = record.state
  record.state, record.reason, record.since, record.retry_at = state, reason, now, retry_at
  record.epoch = record.epoch + 1
  record.leases, record.successes, record.failures = {}, 0, 0
  if state == 'closed' and before ~= 'closed' then breaker.forget = true end
  breaker.changes[#breaker.changes + 1] = {
    from_state = before, to_state = state, reason = reason, epoch = record.epoch,
    failures = failures or 0, retry_in = retry_at and math.max(0, retry_at - now),
  }
end

local function open(breaker, reason, failures)
  local record, settings = breaker.record, breaker.request.settings
  if record.state == 'closed' then
    local minutes = math.floor((now - record.since) / HEALTHY_MS)
    record.exponent = math.max(0, record.exponent - minutes)
  end
  local wait = math.min(settings.open_ms * 2 ^ record.exponent, settings.open_cap_ms)
  wait = math.floor(wait * (1 + settings.jitter * (2 * common.draw - 1)) + 0.5)
  record.exponent = math.min(record.exponent + 1, LARGEST_EXPONENT)
  record.opened = record.opened + 1
  change(breaker, 'open', reason, now + wait, failures)
end

local function reason_to_open(settings, totals, slow_seconds)
  if totals.unreachable >= settings.unreachable_in_a_row then
    return string.format('could not be reached %d times in a row', totals.unreachable)
  end
  if settings.connect_only or totals.calls < settings.minimum_calls then return nil end
  if totals.failures / totals.calls >= settings.failure_rate then
    return string.format('%d of %d calls failed within a minute', totals.failures, totals.calls)
  end
  if totals.slow / totals.calls >= settings.slow_rate then
    return string.format('%d of %d calls took over %.1f s', totals.slow, totals.calls, slow_seconds)
  end
  return nil
end

local function take_probe(breaker, lease, verdict)
  local record, settings = breaker.record, breaker.request.settings
  if not record.leases[lease] then return end
  record.leases[lease] = nil
  breaker.dirty = true
  if verdict == 'neutral' then return end
  if verdict == 'success' then
    record.successes = record.successes + 1
  else
    record.failures = record.failures + 1
  end
  if record.successes >= settings.probes_to_close then
    change(breaker, 'closed', string.format('%d probes succeeded', record.successes))
  elseif record.failures >= settings.probes_to_reopen then
    open(breaker, string.format('%d probes failed', record.failures), record.failures)
  end
end

local function end_override(breaker)
  local record = breaker.record
  local ended, retry_at = record.override.control, record.retry_at
  record.override = {control = 'automatic', author = '', reason = '', since = now}
  if ended == 'forced_open' then
    change(breaker, 'half_open', 'no longer forced open, probing')
  elseif ended == 'disabled' then
    change(breaker, 'closed', 'no longer disabled')
  elseif ended == 'shadow' then
    change(breaker, record.state, 'no longer in shadow', retry_at)
  end
end

local function settle(breaker)
  local record = breaker.record
  local ends = record.override['until']
  if ends and now >= ends then end_override(breaker) end
  local lapsed = {}
  for lease, ends_at in pairs(record.leases) do
    if now >= ends_at then lapsed[#lapsed + 1] = lease end
  end
  for _, lease in ipairs(lapsed) do take_probe(breaker, lease, 'failure') end
end

-- The totals of all replicas, and whether one of them reaches the provider well enough.
local function sum_up(breaker)
  local settings, all = breaker.request.settings, {calls = 0, failures = 0, slow = 0, unreachable = 0}
  local reached = false
  for _, totals in pairs(breaker.replicas) do
    for name, value in pairs(all) do all[name] = value + totals[name] end
    reached = reached or (totals.unreachable < settings.unreachable_in_a_row
      and totals.failures / totals.calls < settings.failure_rate
      and totals.slow / totals.calls < settings.slow_rate)
  end
  return all, reached
end

-- Open for all when no replica reaches the provider; when one does, a replica that fails does so alone.
local function judge(breaker)
  local record, settings = breaker.record, breaker.request.settings
  if breaker.stale or record.state ~= 'closed' or not watching(record) then return end
  local slow_seconds = breaker.request.slow_seconds
  local all, reached = sum_up(breaker)
  local own = reason_to_open(settings, breaker.request.totals, slow_seconds)
  if reached then
    breaker.quarantine = own ~= nil
    return
  end
  local reason = reason_to_open(settings, all, slow_seconds) or own
  if reason then open(breaker, reason, all.failures) end
end

local function lease(breaker)
  local record, settings = breaker.record, breaker.request.settings
  if record.state == 'open' and record.retry_at and now >= record.retry_at then
    change(breaker, 'half_open', 'waiting time is over, probing')
  end
  if record.state ~= 'half_open' then return end
  local under_way = 0
  for _ in pairs(record.leases) do under_way = under_way + 1 end
  local used = under_way + record.successes + record.failures
  if used >= settings.probes or under_way >= settings.probes_at_once then return end
  record.issued = record.issued + 1
  breaker.lease = string.format('%d.%d', record.epoch, record.issued)
  record.leases[breaker.lease] = now + settings.lease_ms
  breaker.dirty = true
end

local function control(breaker)
  local record, request = breaker.record, breaker.request
  local override, failures = request.override, request.totals.failures
  local words = override.author .. ': ' .. override.reason
  if request.action == 'force_open' then
    override.control, record.override = 'forced_open', override
    change(breaker, 'open', 'forced open by ' .. words, nil, failures)
  elseif request.action == 'disable' then
    override.control, record.override = 'disabled', override
    change(breaker, 'closed', 'disabled by ' .. words, nil, failures)
  elseif request.action == 'shadow' then
    local state = watching(record) and record.state or 'closed'
    override.control, record.override = 'shadow', override
    change(breaker, state, 'shadowed by ' .. words, record.retry_at, failures)
  elseif request.action == 'close' then
    override['until'], record.override, record.exponent = nil, override, 0
    change(breaker, 'closed', 'closed by ' .. words, nil, failures)
    breaker.forget = true
  elseif record.state == 'open' and watching(record) then
    change(breaker, 'half_open', 'probing, asked by ' .. words)
  end
end

-- Two views of one breaker: the higher epoch has the newer state, the later override holds.
local function merge(breaker, known)
  local stored = breaker.record
  if not stored or known.epoch > stored.epoch then breaker.record, breaker.dirty = known, true end
  if not stored then return end
  local mine, theirs, record = stored.override, known.override, breaker.record
  local ahead = (theirs.since or 0) - (mine.since or 0)
  local later = ahead > 0 and theirs or mine
  if math.abs(ahead) <= SAME_MS or record.override == later then return end
  local before = record.override.control
  record.override = later
  local words = string.gsub(later.control, '_', ' ') .. ' by ' .. later.author .. ': ' .. later.reason
  if later.control == 'forced_open' then
    change(breaker, 'open', words)
  elseif later.control == 'disabled' then
    change(breaker, 'closed', words)
  elseif before == 'forced_open' then
    change(breaker, 'half_open', 'no longer forced open, probing')
  else
    change(breaker, record.state, words, record.retry_at)
  end
end

local function to_server_time(record, shift)
  for _, name in ipairs({'since', 'retry_at'}) do
    if record[name] then record[name] = record[name] + shift end
  end
  for lease, ends in pairs(record.leases) do record.leases[lease] = ends + shift end
end

local function shift_override(override, shift)
  for _, name in ipairs({'since', 'until'}) do
    if override[name] then override[name] = override[name] + shift end
  end
end

local function read(key, request)
  local breaker = {key = key, request = request, replicas = {}, changes = {}}
  local shift = now - common.sender_now
  to_server_time(request.known, shift)
  shift_override(request.known.override, shift)
  if request.override then shift_override(request.override, shift) end
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local value = cjson.decode(fields[i + 1])
    if fields[i] == 'record' then
      breaker.record = value
    elseif now - value.seen < request.settings.window_ms then
      breaker.replicas[string.sub(fields[i], 3)] = value
    else
      redis.call('HDEL', key, fields[i])
    end
  end
  merge(breaker, request.known)
  settle(breaker)
  return breaker
end

local function take_totals(breaker)
  local totals, field = breaker.request.totals, 'r:' .. common.replica
  breaker.stale = breaker.request.known.epoch ~= breaker.record.epoch  -- counted in a past state
  if breaker.stale then return end
  totals.seen = now
  if totals.calls > 0 then
    breaker.replicas[common.replica] = totals
    redis.call('HSET', breaker.key, field, cjson.encode(totals))
  elseif breaker.replicas[common.replica] then
    breaker.replicas[common.replica] = nil
    redis.call('HDEL', breaker.key, field)
  end
end

local function save(breaker)
  if breaker.forget then
    redis.call('DEL', breaker.key)
  end
  if breaker.dirty or #breaker.changes > 0 then
    redis.call('HSET', breaker.key, 'record', cjson.encode(breaker.record))
    redis.call('PEXPIRE', breaker.key, KEPT_MS)
  end
  if #breaker.changes > 0 then
    redis.call('PUBLISH', common.channel, common.replica .. ' ' .. breaker.request.name)
  end
end

local breakers, conflict = {}, false
for i, key in ipairs(KEYS) do
  breakers[i] = read(key, cjson.decode(ARGV[1 + i]))
  conflict = conflict or breakers[i].record.epoch ~= breakers[i].request.known.epoch
end
conflict = conflict and common.operation == 'control'

local answers = {}
for i, breaker in ipairs(breakers) do
  take_totals(breaker)
  if common.operation == 'report' then
    judge(breaker)
  elseif common.operation == 'lease' then
    lease(breaker)
  elseif common.operation == 'probe' then
    take_probe(breaker, breaker.request.lease, breaker.request.verdict)
  elseif common.operation == 'control' and not conflict then
    control(breaker)
  end
  save(breaker)
  answers[i] = cjson.encode({
    now = now, record = breaker.record, changes = breaker.changes,
    lease = breaker.lease, quarantine = breaker.quarantine or false, conflict = conflict,
  })
end
return answers
