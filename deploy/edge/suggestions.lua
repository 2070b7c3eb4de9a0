-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Suggests the field that a caller may have meant by an unknown one.

local M = {}

local MOST_MISTAKES = 3
local LONGEST = 40
-- uri is a part of fileUri.
local SHORTEST_PART = 3

-- Returns the edit distance of two short names.
local function distance(left, right)
  local row = {}
  for column = 0, #right do
    row[column] = column
  end
  for line = 1, #left do
    local diagonal, letter = row[0], left:byte(line)
    row[0] = line
    for column = 1, #right do
      local above = row[column]
      local cost = letter == right:byte(column) and 0 or 1
      row[column] = math.min(above + 1, row[column - 1] + 1, diagonal + cost)
      diagonal = above
    end
  end
  return row[#right]
end

local function plain(name)
  return name:lower():gsub("_", "")
end

local function nearest(fields, written)
  local wanted, best, least = plain(written), nil, MOST_MISTAKES + 1
  for _, field in ipairs(fields) do
    local name = plain(field.json)
    local apart = distance(wanted, name)
    if #wanted >= SHORTEST_PART and name:find(wanted, 1, true) then
      apart = 1
    end
    if apart < least and apart < #name / 2 then
      best, least = field.json, apart
    end
  end
  return best
end

-- Returns the shortest path to a field of the same name elsewhere in the request.
local function elsewhere(contract, root, written)
  local queue, seen, at = { { root, "" } }, { [root] = true }, 1
  while queue[at] do
    local name, prefix = queue[at][1], queue[at][2]
    local found = contract.messages[name].by_name[written]
    if found then
      return prefix .. found.json
    end
    for _, field in ipairs(contract.messages[name]) do
      if field.kind == "message" and not seen[field.message] then
        seen[field.message] = true
        local step = prefix .. field.json .. (field.repeated and "[]." or ".")
        queue[#queue + 1] = { field.message, step }
      end
    end
    at = at + 1
  end
end

-- Returns the description of the violation for the unknown member `written` of the message at
-- `prefix`.
function M.instead(contract, root, message, prefix, written)
  local fields = contract.messages[message]
  if #written <= LONGEST then
    local near = nearest(fields, written)
    local meant = near and prefix .. near or elsewhere(contract, root, written)
    if meant then
      return "unknown field; did you mean " .. meant .. "?"
    end
  end
  if #fields == 0 then
    return "unknown field; this body has no fields"
  end
  local names = {}
  for index, field in ipairs(fields) do
    names[index] = field.json
  end
  return "unknown field; the fields here are " .. table.concat(names, ", ")
end

return M
