-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Checks a request body against the contract, by the rules of protobuf's JSON mapping. The
-- transcoder is laxer: it drops unknown members and takes single quotes, duplicates and so on.

local json = require("json")
local refusal = require("refusal")
local suggestions = require("suggestions")
local values = require("values")

local M = {}

-- The most violations that one refusal lists.
local MOST = 20
local ENOUGH = {}
-- curl -d and PowerShell send the second one by default.
local KINDS = { ["application/json"] = true, ["application/x-www-form-urlencoded"] = true }

local Checker = {}
Checker.__index = Checker

-- Adds a violation. The last one ends the check, so that a hostile body costs no more work.
function Checker:violation(path, description)
  table.insert(self.violations, { field = path, description = description })
  if #self.violations == MOST then
    error(ENOUGH, 0)
  end
end

-- Checks a single value of a field.
function Checker:single(field, path)
  local reader = self.reader
  if field.kind == "message" then
    if reader:peek() ~= "{" then
      reader:skip()
      return self:violation(path, "must be a JSON object")
    end
    return self:message(field.message, path .. ".")
  end
  local problem = values.problem(reader, field)
  if problem then
    self:violation(path, problem)
  end
end

function Checker:list(field, path)
  local reader, index = self.reader, 0
  if reader:peek() ~= "[" then
    reader:skip()
    return self:violation(path, "must be a JSON array")
  end
  reader:sequence("[", "]", function()
    self:single(field, path .. "[" .. index .. "]")
    index = index + 1
  end)
end

function Checker:map(field, path)
  local reader, seen = self.reader, {}
  if reader:peek() ~= "{" then
    reader:skip()
    return self:violation(path, "must be a JSON object")
  end
  reader:sequence("{", "}", function()
    local key = reader:string()
    if seen[key] then
      self:violation(path, "must not contain a key twice")
    end
    seen[key] = true
    reader:take(":")
    self:single(field.value, path .. "." .. refusal.shown(key))
  end)
end

-- A field may be given once, by its JSON name or its proto name.
function Checker:once(field, path, seen)
  if seen[field.json] then
    self:violation(path, "must not be given twice")
  end
  seen[field.json] = true
end

function Checker:exclusive(field, path, chosen)
  if field.oneof and chosen[field.oneof] and chosen[field.oneof] ~= field.json then
    self:violation(path, "must not be set together with " .. chosen[field.oneof])
  end
  chosen[field.oneof or ""] = field.json
end

function Checker:message(name, prefix)
  local reader, fields = self.reader, self.contract.messages[name]
  local seen, chosen = {}, {}
  reader:sequence("{", "}", function()
    local written = reader:string()
    local path = prefix .. refusal.shown(written)
    local field = fields.by_name[written]
    reader:take(":")
    if field == nil then
      self:violation(path, suggestions.instead(self.contract, self.root, name, prefix, written))
      return reader:skip()
    end
    self:once(field, path, seen)
    if reader:peek() == "n" then
      -- null means that the field is absent.
      return reader:skip()
    end
    self:exclusive(field, path, chosen)
    if field.kind == "map" then
      self:map(field, path)
    elseif field.repeated then
      self:list(field, path)
    else
      self:single(field, path)
    end
  end)
end

-- Returns a refusal if the headers describe a body that cannot be read, else nil.
function M.check_headers(headers)
  local kind = (headers:get("content-type") or "application/json"):lower()
  local main = kind:match("^%s*([^;%s]*)")
  local charset = kind:match('charset="?([^;"%s]+)')
  if not KINDS[main] and not main:match("^application/.+%+json$") then
    local message = "content-type: " .. refusal.shown(main) .. " is not supported; use application/json"
    return refusal.of(415, message, nil, { accept = "application/json" })
  elseif charset and charset ~= "utf-8" and charset ~= "us-ascii" then
    local message = "content-type: charset " .. refusal.shown(charset) .. " is not supported; use utf-8"
    return refusal.of(415, message, nil, { accept = "application/json" })
  end
  local coding = (headers:get("content-encoding") or "identity"):lower()
  if coding ~= "identity" then
    local message = "content-encoding: " .. refusal.shown(coding)
      .. " is not supported; send the body uncompressed"
    return refusal.of(415, message, nil, { ["accept-encoding"] = "identity" })
  end
end

-- Returns a refusal if the body of a call is invalid, else nil.
function M.check(contract, call, text)
  if text:sub(1, 3) == "\239\187\191" then
    local description = "must be UTF-8 without a byte order mark"
    return refusal.of_fields({ { field = "body", description = description } })
  end
  local checker = setmetatable({
    contract = contract,
    reader = json.new(text),
    root = call.body,
    violations = {},
  }, Checker)
  local worked, fault = pcall(function()
    if checker.reader:peek() ~= "{" then
      checker.reader:fail("expected {")
    end
    checker:message(call.body, "")
    checker.reader:finish()
  end)
  if not worked and fault ~= ENOUGH then
    if type(fault) ~= "table" then
      error(fault, 0)
    end
    local description = "invalid JSON at byte " .. fault.position .. ": " .. fault.problem
    return refusal.of_fields({ { field = "body", description = description } })
  end
  if #checker.violations > 0 then
    return refusal.of_fields(checker.violations)
  end
end

return M
