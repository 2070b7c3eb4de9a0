-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The HTTP filter that deploy/envoy.yaml runs in front of the gRPC-JSON transcoder. It refuses
-- input that the transcoder would drop, and adds HEAD, OPTIONS and byte ranges.

local body = require("body")
local contract = require("contract")
local downloads = require("downloads")
local refusal = require("refusal")
local routes = require("routes")

-- Namespace of the dynamic metadata that passes values from the request to its response.
local NAMESPACE = "longtake.edge"

local function is_grpc(headers)
  local kind = headers:get("content-type")
  return kind ~= nil and kind:sub(1, 16) == "application/grpc"
end

-- Returns a refusal, or nil if the request may continue.
local function checked(handle, headers)
  local path, method = headers:get(":path"), headers:get(":method")
  local route, refused = routes.find(contract, method, path)
  if refused then
    return refused
  end
  refused = body.check_headers(headers)
  if refused then
    return refused
  end
  if method == "HEAD" then
    headers:replace(":method", "GET")
    handle:streamInfo():dynamicMetadata():set(NAMESPACE, "head", true)
  end
  if route.download then
    downloads.ask(headers, path, method, function(key, value)
      handle:streamInfo():dynamicMetadata():set(NAMESPACE, key, value)
    end)
  end
  local buffer = handle:body()
  local length = buffer and buffer:length() or 0
  if length == 0 then
    return nil
  end
  if not route.body then
    return refusal.of_fields({ { field = "body", description = "must be empty for " .. method } })
  end
  return body.check(contract, route, buffer:getBytes(0, length))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if is_grpc(headers) then
    return
  end
  -- Envoy lets a request pass if its script fails. An unchecked body must not pass.
  local worked, refused = pcall(checked, handle, headers)
  if not worked then
    handle:logErr("the edge's filter failed: " .. tostring(refused))
    refused = refusal.of(500, "internal error of the edge")
  end
  if refused then
    refusal.send(handle, refused)
  else
    refusal.pass(handle)
  end
end

function envoy_on_response(handle)
  local asked = handle:streamInfo():dynamicMetadata():get(NAMESPACE)
  if asked == nil then
    return
  end
  if asked.download then
    downloads.answer(handle, asked)
  end
  if asked.head then
    -- The response to HEAD has the length that GET would have.
    local length = handle:headers():get("content-length")
    handle:body(true):setBytes("")
    if length then
      handle:headers():replace("content-length", length)
    end
  end
end
