// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// A server that records the metadata of its calls. It refuses the tokens that it does
// not accept, as one refuses expired tokens.
type guarded struct {
	longtakev1.UnimplementedVideoServiceServer

	accepted string
	seen     []metadata.MD
}

func (g *guarded) WatchOperation(
	_ *longtakev1.WatchOperationRequest,
	stream grpc.ServerStreamingServer[longtakev1.WatchOperationResponse],
) error {
	received, _ := metadata.FromIncomingContext(stream.Context())
	g.seen = append(g.seen, received)
	if g.accepted != "" && received.Get("authorization")[0] != "Bearer "+g.accepted {
		return expired()
	}
	event := &longtakev1.WatchOperationResponse_Operation{Operation: state(1, true)}
	return stream.Send(&longtakev1.WatchOperationResponse{Event: event})
}

func expired() error {
	refused, err := status.New(codes.Unauthenticated, "the credential has expired").WithDetails(
		&errdetails.ErrorInfo{Reason: "CREDENTIAL_EXPIRED", Domain: "longtake.dev"})
	if err != nil {
		panic(err)
	}
	return refused.Err()
}

func serve(t *testing.T, server *guarded, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := grpc.NewServer(options...)
	longtakev1.RegisterVideoServiceServer(serving, server)
	healthy := health.NewServer()
	healthy.SetServingStatus("longtake.v1.VideoService", healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(serving, healthy)
	go func() { _ = serving.Serve(listener) }()
	t.Cleanup(serving.Stop)
	return listener.Addr().String()
}

func watchOnce(t *testing.T, address string, access Access) error {
	t.Helper()
	client, err := ConnectWith(address, access)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.retry.wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	watch := client.Watch(t.Context(), "operations/1")
	defer watch.Close()
	for watch.Next() {
	}
	return watch.Err()
}

// Writes a self-signed certificate of 127.0.0.1 and its key.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, "cert.pem", "CERTIFICATE", der), written(t, "key.pem", "PRIVATE KEY", private)
}

func written(t *testing.T, name, kind string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAKeyAndMetadataGoToALoopbackAddress(t *testing.T) {
	server := &guarded{}
	access := Access{APIKey: "ltk_key", Metadata: map[string]string{"x-route": "blue"}}
	if err := watchOnce(t, serve(t, server), access); err != nil {
		t.Fatal(err)
	}
	if got := server.seen[0].Get("authorization"); !slices.Equal(got, []string{"Bearer ltk_key"}) {
		t.Errorf("%q", got)
	}
	if got := server.seen[0].Get("x-route"); !slices.Equal(got, []string{"blue"}) {
		t.Errorf("%q", got)
	}
}

func TestAKeyGoesOverTLSToAServerThatAsksForACertificate(t *testing.T) {
	certificate, key := pair(t)
	loaded, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(loaded.Leaf)
	server := &guarded{}
	address := serve(t, server, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{loaded},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: trusted,
	})))
	access := Access{APIKey: "ltk_key", CA: certificate, Certificate: certificate, Key: key}
	for _, scheme := range []string{"https", "grpcs"} {
		if err := watchOnce(t, scheme+"://"+address, access); err != nil {
			t.Error(scheme, err)
		}
	}
	if len(server.seen) != 2 {
		t.Error(len(server.seen), "calls")
	}
}

func TestAKeyIsNotSentInPlaintextToAnotherMachine(t *testing.T) {
	for _, address := range []string{"10.0.0.1:50051", "http://example.com", "dns:///example.com:1"} {
		_, err := ConnectWith(address, Access{APIKey: "ltk_secret"})
		if err == nil || !strings.Contains(err.Error(), "TLS only") {
			t.Error(address, err)
		} else if strings.Contains(err.Error(), "ltk_secret") {
			t.Error("the error repeats the key")
		}
	}
}

func TestAnExpiredTokenIsReplacedOnce(t *testing.T) {
	for accepted, isAccepted := range map[string]bool{"token 2": true, "another": false} {
		server := &guarded{accepted: accepted}
		access := Access{Token: func(context.Context) (string, error) {
			return fmt.Sprintf("token %d", len(server.seen)+1), nil
		}}
		err := watchOnce(t, serve(t, server), access)
		if (err == nil) != isAccepted || len(server.seen) != 2 {
			t.Error(accepted, len(server.seen), err)
		}
	}
}

func TestAKeyThatIsRefusedIsNotSentAgain(t *testing.T) {
	server := &guarded{accepted: "another"}
	err := watchOnce(t, serve(t, server), Access{APIKey: "ltk_key"})
	if FromError(err).Reason != "CREDENTIAL_EXPIRED" || len(server.seen) != 1 {
		t.Error(len(server.seen), err)
	}
}

func TestAWrongAccessIsNamed(t *testing.T) {
	certificate, _ := pair(t)
	wrong := map[string]struct {
		address string
		access  Access
	}{
		"accepted are https://host": {"ftp://example.com", Access{}},
		"the port is missing":       {"grpcs://example.com", Access{}},
		"need an https://":          {"localhost:1", Access{CA: certificate}},
		"no such file":              {"https://localhost", Access{CA: "/nowhere/ca.pem"}},
		"Certificate and Key: ":     {"https://localhost", Access{Certificate: certificate}},
		"set one of them": {"localhost:1", Access{
			APIKey: "a", Token: func(context.Context) (string, error) { return "", nil },
		}},
	}
	for text, given := range wrong {
		if _, err := ConnectWith(given.address, given.access); err == nil {
			t.Error(given.address, "was accepted")
		} else if !strings.Contains(err.Error(), text) {
			t.Error(err)
		}
	}
}

func TestTheEnvironmentGivesTheAccess(t *testing.T) {
	t.Setenv("LONGTAKE_API_KEY", "ltk_key")
	t.Setenv("LONGTAKE_CA", "ca.pem")
	t.Setenv("LONGTAKE_CLIENT_CERTIFICATE", "cert.pem")
	t.Setenv("LONGTAKE_CLIENT_KEY", "key.pem")
	access := AccessFromEnvironment()
	got := []string{access.APIKey, access.CA, access.Certificate, access.Key}
	if !slices.Equal(got, []string{"ltk_key", "ca.pem", "cert.pem", "key.pem"}) {
		t.Error(got)
	}
}
