// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// Downloaded describes a completely downloaded video.
type Downloaded struct {
	// SizeBytes is the size in bytes.
	SizeBytes int64
	// SHA256 is the digest as 64 lower-case hexadecimal digits.
	SHA256 string
	// MIMEType is the media type, for example video/mp4.
	MIMEType string
}

// Download writes the bytes of the video operations/{id}/videos/{index} and resumes if
// the stream breaks. It verifies the size and the SHA-256 that the server reports. If
// they differ, the error has the code DataLoss, and you must discard what was written.
// Errors of the writer are returned unchanged.
func (c *Client) Download(ctx context.Context, name string, to io.Writer) (Downloaded, error) {
	d := &download{
		client: c, name: name, to: to, hash: sha256.New(), failures: failures{policy: c.retry},
	}
	for {
		broke, err := d.stream(ctx)
		if err != nil {
			return Downloaded{}, err
		}
		if broke == nil {
			return d.verified()
		}
		if err := d.failures.pause(ctx, broke); err != nil {
			return Downloaded{}, err
		}
	}
}

// DownloadFile downloads a video to a file, which appears only when it is complete.
func (c *Client) DownloadFile(ctx context.Context, name, path string) (done Downloaded, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return Downloaded{}, err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if done, err = c.Download(ctx, name, file); err != nil {
		return Downloaded{}, err
	}
	// Temporary files are readable by their owner only.
	if err = file.Chmod(0o644); err != nil {
		return Downloaded{}, err
	}
	if err = file.Close(); err != nil {
		return Downloaded{}, err
	}
	return done, os.Rename(file.Name(), path)
}

type download struct {
	client   *Client
	name     string
	to       io.Writer
	hash     hash.Hash
	offset   int64
	video    *longtakev1.Video
	mimeType string
	failures failures
}

// Reads a stream to its end. Returns why it broke, or an error that cannot be retried.
func (d *download) stream(ctx context.Context) (*Error, error) {
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	request := &longtakev1.DownloadVideoRequest{Name: d.name, ReadOffset: d.offset}
	stream, err := d.client.DownloadVideo(ctx, request)
	for err == nil {
		var message *longtakev1.DownloadVideoResponse
		if message, err = stream.Recv(); err == nil {
			if failed := d.receive(message); failed != nil {
				return nil, failed
			}
		}
	}
	if err != io.EOF {
		return FromError(err), nil
	}
	if d.video.GetSizeBytes() > d.offset {
		return endedEarly(fmt.Sprintf("the download of %s ended after %d of %d bytes",
			d.name, d.offset, d.video.GetSizeBytes())), nil
	}
	return nil, nil
}

func (d *download) receive(message *longtakev1.DownloadVideoResponse) error {
	if message.Video != nil {
		d.video = message.Video
		d.mimeType = message.Video.MimeType
	}
	data := message.GetChunk().GetData()
	if len(data) == 0 {
		// Not at every message: a stream may start successfully each time and make no
		// progress.
		return nil
	}
	d.failures.reset()
	d.hash.Write(data)
	d.offset += int64(len(data))
	_, err := d.to.Write(data)
	return err
}

// Compares the received bytes with the size and digest that the server reported, if
// any.
func (d *download) verified() (Downloaded, error) {
	sum := hex.EncodeToString(d.hash.Sum(nil))
	if d.video != nil && d.video.SizeBytes != nil && *d.video.SizeBytes != d.offset {
		return Downloaded{}, corrupted("%s has %d bytes, but %d arrived",
			d.name, *d.video.SizeBytes, d.offset)
	}
	if expected := d.video.GetSha256(); expected != "" && expected != sum {
		return Downloaded{}, corrupted("%s: its bytes do not have the SHA-256 %s",
			d.name, expected)
	}
	return Downloaded{SizeBytes: d.offset, SHA256: sum, MIMEType: d.mimeType}, nil
}

func corrupted(format string, values ...any) *Error {
	return fromStatus(status.Newf(codes.DataLoss, format, values...), nil)
}
