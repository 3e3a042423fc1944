package nemesis

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/internal/history"
	"github.com/leat-io/leat/test/faults/clock"
	"github.com/leat-io/leat/test/faults/power"
	"github.com/leat-io/leat/test/faults/world"
)

// unflushed is how old a write may be that is lost with the power under appendfsync everysec: a sync begins once a second, takes its
// time, and what counts is when the last one that was over began.
const unflushed = 4 * time.Second

// CutPower takes the power from a standalone Redis: what was not fsynced is gone. With its file synced always nothing is.
var CutPower = Fault{Name: "power", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	var excuse history.Excuse
	if a.World.Kind != world.Always {
		excuse = history.Excuse{Loses: true, Rollback: true, Since: history.Now() - int64(unflushed)}
	}
	return a.reboot(ctx, "power", excuse, func() error {
		_, err := power.Cut(a.World.Server.Dir())
		return err
	})
}}

// TearFile kills a standalone Redis and tears the end off its file, as a disk does that stops in the middle of a sector: the
// commands in there are lost, acknowledged or not, and Redis starts with the rest.
var TearFile = Fault{Name: "torn-aof", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	excuse := history.Excuse{Loses: true, Rollback: true, Since: history.Now() - int64(unflushed)}
	return a.reboot(ctx, "torn-aof", excuse, func() error {
		_, err := power.Tear(a.World.Server.Dir(), int64(1+a.Pick(300)))
		return err
	})
}}

// reboot kills the server, does something to its files, and starts it again.
func (a *Arena) reboot(ctx context.Context, kind string, excuse history.Excuse, do func() error) error {
	id, err := a.begin(kind, excuse)
	if err != nil {
		return err
	}
	if err := world.Try(a.World.Server.Kill); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if a.Pick(2) == 0 {
		wait(ctx, a.leases(0, 2))
	}
	return errors.Join(world.Try(a.World.Server.Restart), a.end(id))
}

// beginClock begins a fault of the server's clock, and tells how far that is off.
func (a *Arena) beginClock(kind string) (id, dir string, was time.Duration, err error) {
	id, err = a.begin(kind, history.Excuse{})
	if err == nil {
		dir = a.World.Server.Dir()
		was, err = clock.Offset(dir)
	}
	return id, dir, was, err
}

// ShiftClock sets the clock of a standalone Redis. Forward by up to an hour, for good; or forward or back by up to ten leases, or
// back by up to an hour, and after a quarter of a lease to three leases back to where it was.
var ShiftClock = Fault{Name: "clock", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	id, dir, was, err := a.beginClock("clock")
	if err != nil {
		return err
	}
	some, hour := time.Duration(a.float(0.1, 10)*float64(a.Lease)), time.Duration(a.float(0, 1)*float64(time.Hour))
	shift := []time.Duration{hour, some, -some, -hour}[a.Pick(4)]
	if err := clock.SetOffset(dir, was+shift); err != nil || shift == hour {
		return errors.Join(err, a.end(id))
	}
	// Shorter, and no reclaimer may have seen it: not even when the round is over.
	wait(context.WithoutCancel(ctx), a.Lease/4)
	wait(ctx, a.leases(0, 2.75))
	return errors.Join(clock.SetOffset(dir, was), a.end(id))
}}

// ClockBack sets the clock of a standalone Redis back by one to five minutes, for good.
var ClockBack = Fault{Name: "clock-back", Servers: true, Do: func(_ context.Context, a *Arena) error {
	id, dir, was, err := a.beginClock("clock-back")
	if err != nil {
		return err
	}
	return errors.Join(clock.SetOffset(dir, was-time.Duration(a.float(1, 5)*float64(time.Minute))), a.end(id))
}}

// FillDisk fills the disk of a standalone Redis for a while. With its file synced every second Redis refuses to write meanwhile;
// with always it ends, and is started again.
var FillDisk = Fault{Name: "disk-full", Servers: true, Do: func(ctx context.Context, a *Arena) error {
	id, err := a.begin("disk-full", history.Excuse{})
	if err != nil {
		return err
	}
	if err := a.World.Disk.Fill(); err != nil {
		return err
	}
	wait(ctx, a.leases(0.5, 2.5))
	if err := a.World.Disk.Free(); err != nil {
		return err
	}
	if !a.World.Server.Running() {
		if err := world.Try(a.World.Server.Restart); err != nil {
			return err
		}
	}
	return a.end(id)
}}
