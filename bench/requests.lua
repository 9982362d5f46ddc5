-- wrk script: sends the requests of a file in order and prints the results as JSON.
-- wrk … -s requests.lua URL -- FILE COUNT PAUSE_MS
-- FILE contains complete HTTP requests; after each comes a line "%%".
-- COUNT 0: the requests are repeated until wrk's time is up. Otherwise wrk ends after COUNT
-- answers, and latencies are not reported.
-- PAUSE_MS: the mean of a random pause before each request.

local ffi = require("ffi")
ffi.cdef [[
   typedef struct { long seconds, microseconds; } bench_time;
   int gettimeofday(bench_time *, void *);
]]

NOTHING = "GET /nothing-here HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

local threads = {}

function now()
   local time = ffi.new("bench_time")
   ffi.C.gettimeofday(time, nil)
   return tonumber(time.seconds) + tonumber(time.microseconds) / 1e6
end

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   requests, statuses, sent, answered = {}, {}, 0, 0
   local name = args[1]
   limit, pause = tonumber(args[2]), tonumber(args[3])
   for request in io.open(name, "rb"):read("*a"):gmatch("(.-)%%%%\n") do
      requests[#requests + 1] = request
   end
   math.randomseed(os.time() + number)
   if pause == 0 then delay = nil end
end

function delay()
   return math.floor(-math.log(1 - math.random()) * pause)
end

function request()
   if not verified then
      -- wrk first calls this once to check the request, and does not send the result.
      verified = true
      return requests[1]
   end
   if sent == 0 then started = now() end
   sent = sent + 1
   -- Connections without a request left send NOTHING until the last one is done. Its 404 answers
   -- are not counted.
   if limit > 0 and sent > #requests then return NOTHING end
   return requests[(sent - 1) % #requests + 1]
end

function response(status)
   if limit > 0 and status == 404 then return end
   answered = answered + 1
   statuses[status] = (statuses[status] or 0) + 1
   if limit > 0 and answered >= limit then
      -- wrk itself would run until its time is up.
      tell(now() - started, answered, sent, statuses, {0, 0, 0, 0}, 0)
      os.exit(0)
   end
end

function done(summary, latency)
   local thread, errors = threads[1], summary.errors
   tell(
      summary.duration / 1e6, summary.requests, thread:get("sent"), thread:get("statuses"),
      {
         latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
         latency.max / 1e3
      },
      errors.connect + errors.read + errors.write + errors.timeout)
end

function tell(seconds, answers, used, statuses, times, broken)
   local parts = {}
   for status, count in pairs(statuses) do
      parts[#parts + 1] = string.format('"%d": %d', status, count)
   end
   print(string.format(
      'RESULT {"seconds": %.6f, "requests": %d, "used": %d, "p50": %.3f, "p95": %.3f, '
         .. '"p99": %.3f, "max": %.3f, "broken": %d, "statuses": {%s}}',
      seconds, answers, used, times[1], times[2], times[3], times[4], broken,
      table.concat(parts, ", ")))
   io.stdout:flush()
end
