package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAFullDiskLosesNothing fills the disk while events and broadcasts come in. A limit on the size of
// files stands for the disk everywhere; a small disk of its own is used where one can be mounted.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	t.Run("a limit on the size of files", func(t *testing.T) {
		t.Parallel()
		fillAndRecover(t, t.TempDir(), "store.disk_failed", limitFiles, liftLimit)
	})
	t.Run("a disk of four megabytes", func(t *testing.T) {
		t.Parallel()
		disk := mountSmall(t)
		if disk == "" {
			t.Log("NOT TESTED: no disk can be mounted here")
			return
		}
		fillAndRecover(t, disk, "store.disk_full", func(*testing.T, *house) {}, enlarge)
	})
}

// limitFiles lets no file grow much beyond what the log of the database has now.
func limitFiles(t *testing.T, h *house) {
	t.Helper()
	info, err := os.Stat(database(h.setup.Data) + "-wal")
	check(t, err)
	setLimit(t, h, uint64(info.Size())+256<<10)
}

func liftLimit(t *testing.T, h *house) {
	t.Helper()
	setLimit(t, h, unix.RLIM_INFINITY)
}

func setLimit(t *testing.T, h *house, size uint64) {
	t.Helper()
	limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	check(t, unix.Prlimit(h.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil))
}

// mountSmall mounts a disk that goes when the test ends; empty where nobody may mount.
func mountSmall(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=4m"); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return ""
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func enlarge(t *testing.T, h *house) {
	t.Helper()
	check(t, unix.Mount("none", h.setup.Data, "tmpfs", unix.MS_REMOUNT, "size=64m"))
}

func fillAndRecover(t *testing.T, data, reason string, narrow, widen func(t *testing.T, h *house)) {
	t.Helper()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{Data: data})
	robot := admin.addRobot(t, "ops", p.box.Credentials().Robots[0].AccessToken, p.box.Credentials().Robots[0].Secret)
	push := p.pusher(h)
	push.ballast = strings.Repeat("x", 32<<10)
	check(t, push.push(t.Context(), "first", "user_add_org"))
	narrow(t, h)

	acked := []string{"first"}
	var refused error
	// Smaller and smaller, so that what comes afterwards finds no room that was too small for a large one.
	for _, size := range []int{32 << 10, 8 << 10, 0} {
		push.ballast = strings.Repeat("x", size)
		refused = nil
		for refused == nil {
			eventID := fmt.Sprintf("event-%04d", len(acked))
			if refused = push.push(t.Context(), eventID, "user_add_org"); refused == nil {
				acked = append(acked, eventID)
			}
			if len(acked) > 1000 {
				t.Fatal("the disk does not fill")
			}
		}
	}
	if !strings.Contains(refused.Error(), "503") || !strings.Contains(refused.Error(), "callback.not_stored") {
		t.Errorf("on a full disk a push is answered %v", refused)
	}
	await(t, "the log naming "+reason, func() bool { return strings.Contains(h.stderr.String(), reason) })
	e := admin.refused(t, sayOp, text("said on a full disk"+strings.Repeat("x", 10_000), "", robot))
	if e.Extensions.Code != "UNAVAILABLE" || e.Extensions.Reason != reason {
		t.Errorf("on a full disk a broadcast is answered %+v", e)
	}
	admin.ask(t, viewerOp, nil, nil)
	if got := ids(t, admin.eventLog(t)); strings.Join(got, " ") != strings.Join(acked, " ") {
		t.Errorf("on a full disk the log shows %d events, acknowledged were %d", len(got), len(acked))
	}

	widen(t, h)
	check(t, push.push(t.Context(), "there is room again", "user_add_org"))
	acked = append(acked, "there is room again")
	admin.say(t, "said when there was room", robot)
	await(t, "the broadcast", func() bool { return p.heard()["said when there was room"] == 1 })
	h.kill()
	h.start()
	if got := ids(t, admin.eventLog(t)); strings.Join(got, " ") != strings.Join(acked, " ") {
		t.Errorf("after all that the log shows %d events, acknowledged were %d", len(got), len(acked))
	}
	for said, n := range p.heard() {
		if n != 1 || strings.Contains(said, "full disk") {
			t.Errorf("%.40q was said %d times", said, n)
		}
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestAFirstStartOnAFullDiskLeavesNothingHalfMade starts where not even the database fits.
func TestAFirstStartOnAFullDiskLeavesNothingHalfMade(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	p := command(t, []string{"sh", "-c", `ulimit -f 16; exec "$0" "$@"`}, nil, "serve", "--data", data, "--listen", "127.0.0.1:0")
	out := p.finish(t)
	out.wantRefusal(t, database(data), "quota or limit")
	h := startHouse(t, setup{Data: data}) // with room it starts on what is there
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
