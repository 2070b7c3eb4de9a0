-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Matches a path and method to an RPC, and refuses those that match none.

local refusal = require("refusal")

local M = {}

local function allowed(methods)
  local names = { OPTIONS = true }
  for name, call in pairs(methods) do
    names[name] = true
    -- A watch does not end by itself, so HEAD would never be answered.
    if name == "GET" and not call.watch then
      names.HEAD = true
    end
  end
  local sorted = {}
  for name in pairs(names) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted)
  return names, table.concat(sorted, ", ")
end

local function unknown(contract, path)
  local templates = {}
  for index, route in ipairs(contract.routes) do
    templates[index] = route.template
  end
  return refusal.of(
    404,
    (path == "" and "this" or refusal.shown(path)) .. " is not a path of this API; the paths are " .. table.concat(templates, ", ")
  )
end

-- Returns the matched call of the contract, or nil and a refusal.
function M.find(contract, method, path)
  path = (path or ""):match("^[^?#]*")
  if path:find("%%2[fF]") or path:find("%%5[cC]") then
    return nil, refusal.of_fields({
      { field = "path", description = "must not contain an escaped slash (%2F or %5C)" },
    })
  end
  for _, route in ipairs(contract.routes) do
    if path:find(route.path) then
      local names, listed = allowed(route.methods)
      if method == "OPTIONS" then
        return nil, refusal.of(204, "", nil, { allow = listed })
      end
      if not names[method] then
        local message = refusal.shown(method) .. " is not allowed on " .. route.template
          .. "; allowed are " .. listed
        return nil, refusal.of(405, message, nil, { allow = listed })
      end
      return route.methods[method] or route.methods.GET
    end
  end
  return nil, unknown(contract, path)
end

return M
