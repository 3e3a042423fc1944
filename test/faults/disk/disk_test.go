package disk_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/test/faults/disk"
)

const size = 4 << 20

// mount mounts a disk for a test, or skips the test on a machine that cannot.
func mount(t *testing.T) *disk.Disk {
	t.Helper()
	d, err := disk.Mount(size)
	if errors.Is(err, disk.ErrUnavailable) {
		t.Skipf("NOT TESTED HERE: what happens when the disk is full: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Unmount()) })
	return d
}

// orders has a stream with one entry that is pending, on a server whose AOF is on the disk.
func orders(t *testing.T, d *disk.Disk, binary, fsync string) (s *redistest.Server, c *redis.Client, pending string) {
	t.Helper()
	s = redistest.Start(t, redistest.Binary(binary), redistest.AOF(fsync), redistest.Config("dir", d.Dir()))
	c = s.Client(t)
	require.NoError(t, c.XGroupCreateMkStream(t.Context(), "orders", "g", "0").Err())
	id, err := add(t, c)
	require.NoError(t, err)
	read := &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"orders", ">"}}
	require.NoError(t, c.XReadGroup(t.Context(), read).Err())
	return s, c, id
}

func add(t *testing.T, c *redis.Client) (string, error) {
	t.Helper()
	return c.XAdd(t.Context(), &redis.XAddArgs{Stream: "orders", Values: []any{"data", strings.Repeat("x", 512)}}).Result()
}

// addUntilItFails returns how many entries were acknowledged before the error.
func addUntilItFails(t *testing.T, c *redis.Client) (n int64, err error) {
	t.Helper()
	for ; n < 2*size/512; n++ {
		if _, err = add(t, c); err != nil {
			return n, err
		}
	}
	require.FailNow(t, "the disk does not get full")
	return n, nil
}

func on(t *testing.T, test func(t *testing.T, binary string)) {
	t.Helper()
	for _, program := range redistest.Installed(t) {
		t.Run(program.String(), func(t *testing.T) { t.Parallel(); test(t, program.Path) })
	}
}

func TestEverysecRefusesWritesUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		d := mount(t)
		s, c, pending := orders(t, d, binary, "everysec")
		require.NoError(t, d.Fill())
		n, err := addUntilItFails(t, c)
		require.ErrorContains(t, err, "MISCONF")
		require.ErrorContains(t, c.XAck(t.Context(), "orders", "g", pending).Err(), "MISCONF")
		read := &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"orders", ">"}}
		require.ErrorContains(t, c.XReadGroup(t.Context(), read).Err(), "MISCONF")
		require.Equal(t, n+1, c.XLen(t.Context(), "orders").Val(), "it can be read all the same")

		require.NoError(t, d.Free())
		streamtest.Eventually(t, func() bool { return c.XAck(t.Context(), "orders", "g", pending).Val() == 1 }, "the server writes again")
		s.Kill()
		s.Restart()
		require.Equal(t, n+1, c.XLen(t.Context(), "orders").Val())
	})
}

func TestAlwaysExits(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, binary string) {
		d := mount(t)
		s, c, pending := orders(t, d, binary, "always")
		require.NoError(t, d.Fill())
		n, err := addUntilItFails(t, c)
		require.Error(t, err)
		streamtest.Eventually(t, func() bool { return !s.Running() }, "the server exits")

		require.NoError(t, d.Free())
		s.Restart()
		require.GreaterOrEqual(t, c.XLen(t.Context(), "orders").Val(), n+1, "what was acknowledged is there")
		require.EqualValues(t, 1, c.XAck(t.Context(), "orders", "g", pending).Val())
	})
}

func TestFillAndFree(t *testing.T) {
	t.Parallel()
	d := mount(t)
	write := func() error { return os.WriteFile(d.Dir()+"/file", make([]byte, size/2), 0o600) }
	for range 3 {
		require.NoError(t, d.Fill())
		require.NoError(t, d.Fill())
		require.ErrorContains(t, write(), "no space left")
		require.NoError(t, d.Free())
		require.NoError(t, d.Free())
		// A child that another test is just forking may have the file that filled it open.
		streamtest.Eventually(t, func() bool { return write() == nil }, "there is room again")
		require.NoError(t, os.Remove(d.Dir()+"/file"))
	}
}

func TestUnmountWithOpenFiles(t *testing.T) {
	t.Parallel()
	d := mount(t)
	f, err := os.Create(d.Dir() + "/file")
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, d.Unmount())
	require.NoError(t, d.Unmount())
	require.NoDirExists(t, d.Dir())
}

// A process that was killed leaves its disk; the next Mount removes it.
func TestSweepAfterSIGKILL(t *testing.T) {
	t.Parallel()
	mount(t) // or skip
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1")
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	dir, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	dir = strings.TrimSpace(dir)
	require.DirExists(t, dir)
	mount(t)
	require.DirExists(t, dir, "its owner lives")
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	mount(t)
	require.NoDirExists(t, dir)
}
