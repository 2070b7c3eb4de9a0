-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Error responses: a google.rpc.Status in JSON, with the same details as the server's own errors.

local M = {}

-- A request header that tells envoy.yaml whether the body of a local reply already is a Status.
local MARK = "x-longtake-edge"
local CODES = { [400] = 3, [404] = 5, [405] = 12, [415] = 3, [416] = 11, [500] = 13 }

local function escaped(character)
  if character == '"' or character == "\\" then
    return "\\" .. character
  end
  return string.format("\\u%04x", character:byte())
end

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31"\\\127]', escaped) .. '"'
end

local function details(violations, reason)
  local names, rows = {}, {}
  for index, violation in ipairs(violations) do
    names[index] = violation.field
    rows[index] = '{"field":' .. quoted(violation.field)
      .. ',"description":' .. quoted(violation.description) .. "}"
  end
  return '[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"' .. reason
    .. '","domain":"longtake.dev","metadata":{"fields":' .. quoted(table.concat(names, ",")) .. "}},"
    .. '{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":['
    .. table.concat(rows, ",") .. "]}]"
end

-- Returns the caller's text in a form that is safe to show: short, printable ASCII.
function M.shown(text)
  local short = text:sub(1, 80):gsub("[^\32-\126]", "?")
  return #text > 80 and short .. "..." or short
end

-- Returns a refusal. Each violation has a field and a description; `headers` is optional.
function M.of(status, message, violations, headers)
  return { status = status, message = message, violations = violations, headers = headers }
end

-- Returns a refusal of fields, formatted like the server's INVALID_FIELD error.
function M.of_fields(violations)
  local parts = {}
  for index, violation in ipairs(violations) do
    parts[index] = violation.field .. ": " .. violation.description
  end
  return M.of(400, table.concat(parts, "; "), violations)
end

function M.json(refused)
  local text = '{"code":' .. CODES[refused.status] .. ',"message":' .. quoted(refused.message)
  if refused.violations then
    text = text .. ',"details":' .. details(refused.violations, refused.reason or "INVALID_FIELD")
  end
  return text .. "}"
end

function M.pass(handle)
  handle:headers():replace(MARK, "passed")
end

-- Sends the refusal as the response and stops the request.
function M.send(handle, refused)
  -- Envoy invalidates the header object that was read before the body.
  handle:headers():replace(MARK, "refused")
  local headers = refused.headers or {}
  headers[":status"] = tostring(refused.status)
  if refused.status == 204 then
    handle:respond(headers, "")
    return
  end
  headers["content-type"] = "application/json"
  handle:respond(headers, M.json(refused))
end

return M
