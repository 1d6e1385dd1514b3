-- Sends the tokens of a file, one a line, in the order of the file, over and over.
-- The requests are formatted before the clock starts, so that this script is never the bottleneck.

local threads = {}
local requests = {}
local position = 0
laps = 0 -- global: read by done() through the thread

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  wrk.headers["User-Agent"] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
  wrk.headers["Accept"] = "application/json"
  wrk.headers["Accept-Language"] = "en-GB,en;q=0.7,de;q=0.3"
  wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
  wrk.headers["Origin"] = "https://app.example.com"
  wrk.headers["X-Forwarded-For"] = "203.0.113.7"
  wrk.headers["X-Forwarded-Proto"] = "https"
  wrk.headers["X-Request-Id"] = "7b1f9a52c0e84d0f9d2e6f3a4b5c6d7e"
  for token in io.lines(arguments[1]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("GET", "/documents/42?view=full")
  end
end

function request()
  position = position + 1
  if position > #requests then
    position = 1
    laps = laps + 1
  end
  return requests[position]
end

function done(summary, latency)
  local most_laps = 0
  for _, thread in ipairs(threads) do
    most_laps = math.max(most_laps, thread:get("laps"))
  end
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p99": %d, "refused": %d, "broken": %d, "laps": %d}\n',
    summary.requests, summary.duration, latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, most_laps
  ))
end
