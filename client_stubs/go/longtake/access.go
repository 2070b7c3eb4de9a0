// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Access says how a client proves who it is, and which servers it trusts.
//
// A key or token is sent over TLS only, or to a loopback address.
type Access struct {
	// APIKey is an API key of the server. Do not set Token too.
	APIKey string
	// Token returns a token, for example of an OAuth 2 client. It is called before each
	// call, so it should keep a token until shortly before that expires. A watch or
	// download whose token expired calls it and resumes.
	Token func(context.Context) (string, error)
	// CA is a PEM file of the authorities to trust. Default: those of the system.
	CA string
	// Certificate and Key are PEM files that identify this client to the server.
	Certificate, Key string
	// Metadata is sent with every call, for example for a proxy.
	Metadata map[string]string
}

// AccessFromEnvironment returns what LONGTAKE_API_KEY, LONGTAKE_CA,
// LONGTAKE_CLIENT_CERTIFICATE and LONGTAKE_CLIENT_KEY say.
func AccessFromEnvironment() Access {
	return Access{
		APIKey:      os.Getenv("LONGTAKE_API_KEY"),
		CA:          os.Getenv("LONGTAKE_CA"),
		Certificate: os.Getenv("LONGTAKE_CLIENT_CERTIFICATE"),
		Key:         os.Getenv("LONGTAKE_CLIENT_KEY"),
	}
}

func (a Access) options(to target) ([]grpc.DialOption, error) {
	if a.APIKey != "" && a.Token != nil {
		return nil, errors.New("APIKey and Token are both set; set one of them")
	}
	transport, err := a.transport(to)
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithChainUnaryInterceptor(a.unaryMetadata),
		grpc.WithChainStreamInterceptor(a.streamMetadata),
	}
	if a.identifies() {
		options = append(options, grpc.WithPerRPCCredentials(bearer{a, !to.isLocal}))
	}
	return options, nil
}

// advice returns what to add to the error of a connection that gRPC refuses.
func (a Access) advice(to target) string {
	if !a.identifies() || to.isEncrypted || to.isLocal {
		return ""
	}
	return "; a key or token is sent over TLS only, so give an https:// or grpcs:// address"
}

func (a Access) identifies() bool { return a.APIKey != "" || a.Token != nil }

func (a Access) transport(to target) (credentials.TransportCredentials, error) {
	if !to.isEncrypted {
		if a.CA != "" || a.Certificate != "" || a.Key != "" {
			return nil, errors.New("CA, Certificate and Key need an https:// or grpcs:// address")
		}
		return insecure.NewCredentials(), nil
	}
	configuration := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != "" {
		pem, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, fmt.Errorf("CA: %w", err)
		}
		configuration.RootCAs = x509.NewCertPool()
		if !configuration.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CA: %s has no PEM certificate", a.CA)
		}
	}
	if a.Certificate != "" || a.Key != "" {
		pair, err := tls.LoadX509KeyPair(a.Certificate, a.Key)
		if err != nil {
			return nil, fmt.Errorf("Certificate and Key: %w", err)
		}
		configuration.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(configuration), nil
}

func (a Access) unaryMetadata(
	ctx context.Context, method string, request, response any,
	connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	return call(a.withMetadata(ctx), method, request, response, connection, options...)
}

func (a Access) streamMetadata(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn,
	method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return open(a.withMetadata(ctx), description, connection, method, options...)
}

func (a Access) withMetadata(ctx context.Context) context.Context {
	for key, value := range a.Metadata {
		ctx = metadata.AppendToOutgoingContext(ctx, key, value)
	}
	return ctx
}

// bearer sends the key or token. gRPC refuses to connect without encryption if it must be
// secure.
type bearer struct {
	access Access
	secure bool
}

func (b bearer) GetRequestMetadata(
	ctx context.Context, _ ...string,
) (map[string]string, error) {
	secret := b.access.APIKey
	if b.access.Token != nil {
		token, err := b.access.Token(ctx)
		if err != nil {
			return nil, fmt.Errorf("no token: %w", err)
		}
		secret = token
	}
	return map[string]string{"authorization": "Bearer " + secret}, nil
}

func (b bearer) RequireTransportSecurity() bool { return b.secure }
