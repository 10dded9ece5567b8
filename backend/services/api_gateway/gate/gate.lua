-- The decisions of ledger.py, taken in Redis for all replicas at once: a test holds the two together.
--
-- KEYS: a hash for the lamp, a list for the slots, a sorted set for the replicas.
-- ARGV: the request, the time (empty: this server's clock), the replica, the name of its credentials, the
-- limit's calls, window and burst, then what the request takes. All times are microseconds.
-- Answers what `Reply` in shared_store.py reads. A changed lamp or limit is published on CHANNEL by its key.

local CHANNEL = 'songnodes:gate'
local FOREVER, SECOND = 9000000000000000, 1000000
local QUOTA_PAUSE, UNNAMED_QUOTA = 900 * SECOND, 3600 * SECOND
local LONGEST_PAUSE, LONGEST_BACKOFF, STEEPEST = 7 * 86400 * SECOND, 60 * SECOND, 7
local REPLICA_GONE = 10 * SECOND

local request, now, replica, credentials = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local limit, window, burst = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local function argument(place) return tonumber(ARGV[7 + place]) end
if not now then
  local time = redis.call('TIME')
  now = time[1] * SECOND + time[2]
end
local function text(number) return string.format('%.0f', number) end

local numbers = {'born', 'bulk_slot', 'closed_until', 'streak', 'pause', 'ceiling', 'left', 'left_until'}
local kept = redis.call('HMGET', KEYS[1], 'lamp', 'reason', 'blocked', 'blocked_reason', unpack(numbers))
local lamp, reason, blocked, blocked_reason = unpack(kept, 1, 4)
local state = {}
for place, name in ipairs(numbers) do state[name] = tonumber(kept[place + 4] or 0) end
local slots = redis.call('LRANGE', KEYS[2], 0, -1)
local function slot_at(place) return tonumber(slots[place]) end

local function save(name, value)
  state[name] = value
  redis.call('HSET', KEYS[1], name, text(value))
end

local function calls()
  if state.ceiling > 0 then return math.min(limit, state.ceiling) end
  return limit
end
local function at_once() return math.min(burst, calls()) end
local function burst_window() return math.floor(at_once() * window / calls()) end
local function is_blocked() return blocked and blocked == credentials end
local function taken_since(moment)
  local first, last = 1, #slots + 1
  while first < last do
    local middle = math.floor((first + last) / 2)
    if slot_at(middle) > moment then last = middle else first = middle + 1 end
  end
  return #slots + 1 - first
end
local function free()
  local in_window = calls() - taken_since(now - window)
  local in_burst = at_once() - taken_since(now - burst_window())
  return math.max(0, math.min(in_window, in_burst))
end

local function after_slots()
  local count, slot = #slots, 0
  if count > 0 then slot = slot_at(count) end
  if count >= calls() then slot = math.max(slot, slot_at(count - calls() + 1) + window) end
  if count >= at_once() then slot = math.max(slot, slot_at(count - at_once() + 1) + burst_window()) end
  return slot
end
local function earliest(bulk, not_before)
  if is_blocked() then return FOREVER end
  local slot = math.max(now, not_before, state.closed_until, after_slots())
  if bulk then slot = math.max(slot, state.bulk_slot + math.floor(window / calls())) end
  if state.left == 0 and slot < state.left_until then slot = state.left_until end
  return slot
end

local booked, soonest = 0, nil
local function reserve(ahead, bulk, not_before, cycle, phase)
  local slot = earliest(bulk, not_before)
  if cycle > 0 and slot ~= FOREVER then
    slot = slot + math.fmod(math.fmod(phase - slot, cycle) + cycle, cycle)
  end
  soonest = slot
  if slot - now > ahead then return end
  if slot < state.left_until then save('left', state.left - 1) end
  if bulk then save('bulk_slot', slot) end
  booked = slot
  slots[#slots + 1] = text(slot)
  redis.call('RPUSH', KEYS[2], text(slot))
  redis.call('LTRIM', KEYS[2], -limit, -1)
end

local function back_off(slot, jitter)
  if slot < state.closed_until then return 0 end
  local again = now - state.closed_until <= math.max(window, state.pause)
  save('streak', again and math.min(state.streak + 1, STEEPEST) or 1)
  save('pause', math.min(SECOND * 2 ^ (state.streak - 1), LONGEST_BACKOFF))
  return math.floor(state.pause * 3 / 4) + math.floor(state.pause * jitter / 2000)
end
local function close(slot, wait, quota, jitter, why)
  if wait <= 0 then wait = quota and UNNAMED_QUOTA or back_off(slot, jitter) end
  wait = math.min(wait, LONGEST_PAUSE)
  if wait > 0 and now + wait > state.closed_until then
    save('closed_until', now + wait)
    lamp, reason = (quota or wait > QUOTA_PAUSE) and 'quota' or 'cooling', why
    redis.call('HSET', KEYS[1], 'lamp', lamp, 'reason', reason)
  end
end
local function observe(slot, ceiling, left, until_)
  if ceiling > 0 then save('ceiling', ceiling) end
  if left >= 0 then
    save('left', math.max(0, left - taken_since(slot)))
    save('left_until', state.left < free() and until_ or 0)
  end
end

if state.born == 0 then save('born', now) end
redis.call('ZADD', KEYS[3], text(now), replica)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. text(now - REPLICA_GONE))
if request == 'reserve' then
  reserve(argument(1), argument(2) == 1, argument(3), argument(4), argument(5))
elseif request == 'close' then
  close(argument(1), argument(2), argument(3) == 1, argument(4), ARGV[12])
elseif request == 'block' then
  blocked, blocked_reason = credentials, ARGV[8]
  redis.call('HSET', KEYS[1], 'blocked', blocked, 'blocked_reason', blocked_reason)
elseif request == 'unblock' then
  blocked = false
  redis.call('HDEL', KEYS[1], 'blocked', 'blocked_reason')
elseif request == 'observe' then
  observe(argument(1), argument(2), argument(3), now + argument(4))
end

if request ~= 'reserve' and request ~= 'view' then redis.call('PUBLISH', CHANNEL, KEYS[1]) end

local shown, why = 'flowing', ''
if is_blocked() then shown, why = 'blocked', blocked_reason
elseif state.closed_until > now then shown, why = lamp, reason end
local limited = now < state.left_until
local remaining = shown == 'flowing' and (limited and math.min(free(), state.left) or free()) or 0
local others, rank = redis.call('ZRANGE', KEYS[3], 0, -1), 0
for _, other in ipairs(others) do if other < replica then rank = rank + 1 end end
return {
  text(now), text(booked), text(soonest or earliest(false, 0)),
  text(is_blocked() and FOREVER or state.closed_until), shown, why, text(calls()), text(remaining),
  limited and '1' or '0', text(state.born), text(rank), text(#others)
}
