-- One line of JSON behind wrk's own report; a request with a body where BODY_BYTES says how large; a pause before each
-- request, of random length, where PAUSE_MS_LEAST and PAUSE_MS_MOST bound it.
local body_bytes = tonumber(os.getenv("BODY_BYTES") or "0")
if body_bytes > 0 then
  wrk.method = "POST"
  wrk.body = string.rep("x", body_bytes)
end

local least, most = tonumber(os.getenv("PAUSE_MS_LEAST")), tonumber(os.getenv("PAUSE_MS_MOST"))
if least then
  math.randomseed(1)
  function delay()
    return math.random(least, most)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"p50_us":%d,"p90_us":%d,"p99_us":%d,"p999_us":%d,"failed":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
