-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Checks scalar JSON values against the kind of their field, as protobuf's JSON mapping does.

local M = {}

local INT32 = { least = -2 ^ 31, most = 2 ^ 31 - 1, name = "a 32-bit integer" }
local UINT32 = { least = 0, most = 2 ^ 32 - 1, name = "an integer from 0 to 4294967295" }
-- A double cannot hold the bounds of 64 bits, so digits are compared too.
local INT64 = { least = -2 ^ 63, most = 2 ^ 63, digits = "9223372036854775807", name = "a 64-bit integer" }
local LONGEST_DURATION = 315576000000
-- Of strings that are matched against patterns, which backtrack.
local LONGEST_STRING = 64

local function too_many(digits, bounds)
  return bounds.digits and digits and #digits == #bounds.digits and digits > bounds.digits
end

local function whole(bounds)
  return function(reader)
    local text, kind
    if reader:peek() == '"' then
      text = reader:string()
      kind = #text <= LONGEST_STRING and text:find("^%-?%d+$") and "number" or "string"
    else
      text, kind = reader:scalar()
    end
    local number = kind == "number" and tonumber(text)
    if not number or number ~= math.floor(number)
      or number < bounds.least or number > bounds.most
      or too_many(text:match("%d+"), bounds) then
      return "must be " .. bounds.name
    end
  end
end

local function short_string(reader, accepted)
  if reader:peek() ~= '"' then
    reader:skip()
    return nil, "must be " .. accepted
  end
  local text = reader:string()
  if #text > LONGEST_STRING then
    return nil, "must be " .. accepted
  end
  return text
end

local function duration(reader)
  local accepted = "a duration string in seconds, such as \"30s\" or \"1.5s\""
  local text, problem = short_string(reader, accepted)
  if problem then
    return problem
  end
  local seconds, fraction = text:match("^%-?(%d+)(%.?%d*)s$")
  if not seconds or fraction == "." or #fraction > 10 or tonumber(seconds) > LONGEST_DURATION then
    return "must be " .. accepted
  end
end

local function timestamp(reader)
  local accepted = "an RFC 3339 string, such as \"2026-01-31T12:00:00Z\""
  local text, problem = short_string(reader, accepted)
  if problem then
    return problem
  end
  local form = "^%d%d%d%d%-[01]%d%-[0-3]%dT[0-2]%d:[0-5]%d:[0-5]%d"
  local rest = text:match(form .. "(.*)$")
  local zone = rest and rest:gsub("^%.%d%d?%d?%d?%d?%d?%d?%d?%d?", "")
  if not zone or not (zone == "Z" or zone:find("^[+-][0-2]%d:[0-5]%d$")) then
    return "must be " .. accepted
  end
end

local function enum(reader, field)
  if reader:peek() == '"' then
    if field.known[reader:string():upper()] then
      return nil
    end
  else
    local text, kind = reader:scalar()
    local number = kind == "number" and tonumber(text)
    if number and number == math.floor(number) and math.abs(number) < 2 ^ 31 then
      return nil
    end
  end
  return "must be one of " .. table.concat(field.values, ", ")
end

local KINDS = {
  int32 = whole(INT32),
  uint32 = whole(UINT32),
  int64 = whole(INT64),
  duration = duration,
  timestamp = timestamp,
  enum = enum,
  bool = function(reader)
    local next = reader:peek()
    if next == '"' or next == "{" or next == "[" then
      reader:skip()
    elseif select(2, reader:scalar()) == "boolean" then
      return nil
    end
    return "must be true or false"
  end,
  string = function(reader)
    if reader:peek() == '"' then
      reader:string()
      return nil
    end
    reader:skip()
    return "must be a string"
  end,
  bytes = function(reader)
    if reader:peek() ~= '"' then
      reader:skip()
    elseif reader:base64() then
      return nil
    end
    return "must be a base64 string"
  end,
}

-- Reads a value. Returns what it must be if it is wrong, else nil.
function M.problem(reader, field)
  return KINDS[field.kind](reader, field)
end

return M
