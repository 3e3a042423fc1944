package kubernetes

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	// imageLimit is what the image may take, in bytes: 25 MiB.
	imageLimit = 25 << 20
	// authorities is what /etc/ssl/certs/ca-certificates.crt takes, generously: Debian's have 220 KiB.
	authorities = 512 << 10
)

// TestImageIsSmall: the image is what the Dockerfile copies into an empty one, so its size is that of these files.
func TestImageIsSmall(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/Dockerfile")
	require.NoError(t, err)
	copied := regexp.MustCompile(`(?m)^FROM scratch$[\s\S]*`).Find(text)
	require.NotNil(t, copied)
	require.Len(t, regexp.MustCompile(`(?m)^COPY`).FindAll(copied, -1), 3, "another file goes into the image: add it here")
	total := int64(authorities)
	for _, file := range []string{leat(t), root + "/LICENSE"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		t.Logf("%s: %d bytes", file, info.Size())
		total += info.Size()
	}
	require.Less(t, total, int64(imageLimit))
}

// TestImageIsNotRoot: by number, since that is what Kubernetes can check.
func TestImageIsNotRoot(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/Dockerfile")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`, string(text))
	makefile, err := os.ReadFile(root + "/Makefile")
	require.NoError(t, err)
	for _, flags := range []string{"CGO_ENABLED=0", "-trimpath -buildvcs=false"} {
		require.Contains(t, string(text), flags)
		require.Contains(t, string(makefile), flags, "the binary of the image is built as that of `make build`")
	}
}
