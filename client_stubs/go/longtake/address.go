// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

const acceptedAddresses = "accepted are https://host, grpcs://host:port, http://host:port, " +
	"grpc://host:port and host:port"

// Other schemes are names for gRPC's own resolvers.
var resolvers = []string{"dns", "ipv4", "ipv6", "passthrough", "unix", "unix-abstract", "xds"}

type target struct {
	// name is what gRPC connects to.
	name        string
	isEncrypted bool
	// isLocal is whether what is sent cannot leave this machine.
	isLocal bool
}

func parseAddress(address string) (target, error) {
	scheme, rest, hasScheme := strings.Cut(address, "://")
	if !hasScheme {
		return target{name: address, isLocal: isLocal(address)}, nil
	}
	for _, resolver := range resolvers {
		if scheme == resolver {
			local := strings.HasPrefix(scheme, "unix")
			return target{name: address, isLocal: local}, nil
		}
	}
	ports := map[string]string{"https": "443", "grpcs": "", "http": "80", "grpc": ""}
	port, isKnown := ports[scheme]
	parsed, err := url.Parse(address)
	if !isKnown || err != nil || parsed.Hostname() == "" || strings.ContainsAny(rest, "/?#@") {
		return target{}, fmt.Errorf("%s", acceptedAddresses)
	}
	if parsed.Port() != "" {
		port = parsed.Port()
	}
	if port == "" {
		return target{}, fmt.Errorf("the port is missing; %s", acceptedAddresses)
	}
	name := net.JoinHostPort(parsed.Hostname(), port)
	encrypted := scheme == "https" || scheme == "grpcs"
	return target{name: name, isEncrypted: encrypted, isLocal: isLocal(name)}, nil
}

func isLocal(hostAndPort string) bool {
	host, _, err := net.SplitHostPort(hostAndPort)
	if err != nil {
		return strings.HasPrefix(hostAndPort, "unix:")
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}
