-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- A strict, single-pass JSON reader (RFC 8259). Invalid text raises { position, problem }, which
-- never contains any of the text itself.

local byte, find, sub = string.byte, string.find, string.sub

local M = {}
M.__index = M

-- Bounds on the work that one body can cause. No valid body comes near them.
local DEEPEST = 64
local MOST_VALUES = 10000
local LONGEST_SCALAR = 64
local ESCAPES = {}
for character in ('"\\/bfnrt'):gmatch(".") do
  ESCAPES[character:byte()] = true
end
local BASE64 = {}
for code = 0, 255 do
  BASE64[code] = string.char(code):find("[%w+/=_-]") ~= nil
end

function M.new(text)
  return setmetatable({ text = text, at = 1, depth = 0, values = 0 }, M)
end

function M:fail(problem, at)
  error({ position = (at or self.at) - 1, problem = problem }, 0)
end

-- Returns the next character that is not white space, or "" at the end.
function M:peek()
  self.at = find(self.text, "[^ \t\r\n]", self.at) or #self.text + 1
  return sub(self.text, self.at, self.at)
end

function M:take(character)
  if self:peek() ~= character then
    self:fail("expected " .. character)
  end
  self.at = self.at + 1
end

local function hex(reader, at)
  local digits = sub(reader.text, at, at + 3)
  if not find(digits, "^%x%x%x%x$") then
    reader:fail("\\u needs four hexadecimal digits", at)
  end
  return tonumber(digits, 16)
end

-- Returns the position after the escape that begins at `at`.
local function after_escape(reader, at)
  local code = byte(reader.text, at + 1)
  if ESCAPES[code] then
    return at + 2
  elseif code ~= 117 then
    reader:fail("invalid escape in a string", at)
  end
  local unit = hex(reader, at + 2)
  if unit < 0xD800 or unit > 0xDFFF then
    return at + 6
  end
  local low = unit < 0xDC00 and sub(reader.text, at + 6, at + 7) == "\\u" and hex(reader, at + 8)
  if not low or low < 0xDC00 or low > 0xDFFF then
    reader:fail("half of a surrogate pair in a string", at)
  end
  return at + 12
end

-- Returns the position after the UTF-8 sequence that begins at `at`.
local function after_sequence(reader, at)
  local a, b, c, d = byte(reader.text, at, at + 3)
  local function continues(code, least, most)
    return code and code >= (least or 0x80) and code <= (most or 0xBF)
  end
  if a >= 0xC2 and a <= 0xDF and continues(b) then
    return at + 2
  elseif a >= 0xE0 and a <= 0xEF and continues(c)
    and continues(b, a == 0xE0 and 0xA0 or nil, a == 0xED and 0x9F or nil) then
    return at + 3
  elseif a >= 0xF0 and a <= 0xF4 and continues(c) and continues(d)
    and continues(b, a == 0xF0 and 0x90 or nil, a == 0xF4 and 0x8F or nil) then
    return at + 4
  end
  return reader:fail("invalid UTF-8 in a string", at)
end

-- Reads a string and returns the text between its quotes, with escapes as written.
function M:string()
  self:take('"')
  local text, from, at = self.text, self.at, self.at
  while true do
    local code = byte(text, at)
    if code == nil then
      self:fail("unterminated string", #text + 1)
    elseif code == 34 then
      self.at = at + 1
      return sub(text, from, at - 1)
    elseif code == 92 then
      at = after_escape(self, at)
    elseif code < 32 then
      self:fail("unescaped control character in a string", at)
    elseif code < 128 then
      at = at + 1
    else
      at = after_sequence(self, at)
    end
  end
end

-- Skips a string and returns whether it is base64, in the standard or the URL-safe alphabet.
function M:base64()
  self:take('"')
  local text, from, at = self.text, self.at, self.at
  local escapes = 0
  while true do
    local code = byte(text, at)
    if code == 92 and byte(text, at + 1) == 47 then
      escapes, at = escapes + 1, at + 2
    elseif code and BASE64[code] then
      at = at + 1
    elseif code == 34 then
      break
    else
      self.at = from - 1
      self:string()
      return false
    end
  end
  self.at = at + 1
  local padded = #sub(text, math.max(at - 3, from), at - 1):match("=*$")
  local equals = find(text, "=", from, true)
  local digits = at - from - padded - escapes
  if equals and equals < at - padded then
    return false
  elseif padded > 0 then
    return padded < 3 and (digits + padded) % 4 == 0
  end
  return digits % 4 ~= 1
end

-- Reads a number, true, false or null. Returns the value (numbers as text) and its JSON type.
function M:scalar()
  self:peek()
  local word = self.text:match("^[%w+.-]+", self.at) or ""
  local at = self.at
  self.at = at + #word
  if #word > LONGEST_SCALAR then
    -- The patterns below backtrack.
    self:fail("a value of more than " .. LONGEST_SCALAR .. " characters", at)
  elseif word == "true" or word == "false" then
    return word == "true", "boolean"
  elseif word == "null" then
    return nil, "null"
  elseif find(word, "^%-?%d+%.?%d*[eE]?[+-]?%d*$") and not find(word, "^%-?0%d")
    and not find(word, "%.$") and not find(word, "%.[eE]") and not find(word, "[eE+-]$")
    and not find(word, "%d[+-]") then
    return word, "number"
  end
  return self:fail("expected a value", at)
end

-- Calls `each` at the start of each member or element up to `closing`.
function M:sequence(opening, closing, each)
  self:take(opening)
  self.depth = self.depth + 1
  if self.depth > DEEPEST then
    self:fail("nested more than " .. DEEPEST .. " levels deep")
  end
  if self:peek() ~= closing then
    while true do
      self.values = self.values + 1
      if self.values > MOST_VALUES then
        self:fail("more than " .. MOST_VALUES .. " values")
      end
      each()
      if self:peek() ~= "," then
        break
      end
      self.at = self.at + 1
    end
  end
  if self:peek() ~= closing then
    self:fail("expected , or " .. closing)
  end
  self.at = self.at + 1
  self.depth = self.depth - 1
end

-- Skips a value of any kind.
function M:skip()
  local next = self:peek()
  if next == "{" then
    self:sequence("{", "}", function()
      self:string()
      self:take(":")
      self:skip()
    end)
  elseif next == "[" then
    self:sequence("[", "]", function() self:skip() end)
  elseif next == '"' then
    self:string()
  else
    self:scalar()
  end
end

function M:finish()
  if self:peek() ~= "" then
    self:fail("unexpected text after the end of the object")
  end
end

return M
