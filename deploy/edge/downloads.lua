-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- HEAD and byte ranges for downloads. Translates a Range header to the server's read_offset and
-- read_limit, and the size that the server reports to HTTP response headers.

local refusal = require("refusal")

local M = {}

local SIZE = "x-longtake-video-size"
local SHA256 = "x-longtake-video-sha256"

-- Returns the first and last byte of a single range, or nil. The last byte is nil for an open end.
-- HTTP lets a server ignore any other form (suffixes, several ranges) and send the whole video.
local function range(text)
  local first, last = (text or ""):match("^bytes=(%d+)%-(%d*)$")
  first, last = tonumber(first), tonumber(last)
  if not first or first >= 2 ^ 53 or (last and (last < first or last >= 2 ^ 53)) then
    return nil
  end
  return first, last
end

-- The bytes behind a video's name never change, so the name identifies the version.
local function etag(path)
  local operation, index = path:match("operations/([^/]+)/videos/([^/:]+)")
  return '"' .. operation .. "." .. index .. '"'
end

-- Rewrites the request for the server; `set` stores what the response needs.
function M.ask(headers, path, method, set)
  local name, query = path:match("^([^?]*)%??(.*)$")
  set("download", true)
  if ("&" .. query):find("&read_?[oOlL]") then
    -- The query asks for a part by itself.
    return
  end
  set("whole", true)
  set("etag", etag(name))
  local first, last = range(headers:get("range"))
  local condition = headers:get("if-range")
  if method == "HEAD" then
    -- One byte is read and not sent on. HEAD ignores Range.
    first, last = nil, nil
    query = "read_limit=1" .. (query == "" and "" or "&") .. query
  elseif first and (condition == nil or condition == etag(name)) then
    set("first", first)
    local part = "read_offset=" .. string.format("%.0f", first)
    if last then
      set("last", last)
      part = part .. "&read_limit=" .. string.format("%.0f", last - first + 1)
    end
    query = part .. (query == "" and "" or "&") .. query
  end
  headers:replace(":path", query == "" and name or name .. "?" .. query)
end

-- Returns the size of the video from an OFFSET_PAST_END error, or nil.
local function size_in_error(handle)
  local body = handle:body(true)
  return body:getBytes(0, body:length()):match('"size_bytes":"(%d+)"')
end

local function digest(handle, hex)
  local bytes = hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  return "sha-256=:" .. handle:base64Escape(bytes) .. ":"
end

local function unsatisfiable(handle, size)
  local description = "must start before the end of the video, which has " .. size .. " bytes"
  local refused = refusal.of_fields({ { field = "range", description = description } })
  refused.status, refused.reason = 416, "OFFSET_PAST_END"
  local length = handle:body(true):setBytes(refusal.json(refused))
  -- Envoy invalidates a header object that was read before the body.
  local headers = handle:headers()
  headers:replace(":status", "416")
  headers:replace("content-range", "bytes */" .. size)
  headers:replace("content-type", "application/json")
  headers:replace("content-length", tostring(length))
end

-- Adds the HTTP headers of a download to the server's response.
function M.answer(handle, asked)
  local headers = handle:headers()
  local status = headers:get(":status")
  if asked.first and status == "400" then
    local size = size_in_error(handle)
    return size and unsatisfiable(handle, size)
  end
  local size, sha256 = tonumber((headers:get(SIZE))), headers:get(SHA256)
  headers:remove(SIZE)
  headers:remove(SHA256)
  if status ~= "200" or not size or not asked.whole then
    return
  end
  local first = asked.first or 0
  if asked.first and first >= size then
    return unsatisfiable(handle, string.format("%.0f", size))
  end
  local last = math.min(asked.last or size - 1, size - 1)
  if asked.first then
    headers:replace(":status", "206")
    headers:replace("content-range", string.format("bytes %.0f-%.0f/%.0f", first, last, size))
  end
  headers:replace("content-length", string.format("%.0f", last - first + 1))
  if handle:streamInfo():protocol():sub(1, 6) == "HTTP/1" then
    -- If the server breaks off, the response ends early. Only the end of the connection tells the
    -- caller, who otherwise waits for the rest.
    handle:streamInfo():drainConnectionUponCompletion()
  end
  headers:replace("accept-ranges", "bytes")
  headers:replace("etag", asked.etag)
  if sha256 then
    headers:replace("repr-digest", digest(handle, sha256))
  end
end

return M
