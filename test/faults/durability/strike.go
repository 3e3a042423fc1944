package durability

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/test/faults/power"
)

// killMaster is the fault itself, and the end of the publishing: what a server acknowledged that came later would only blur how much
// of what was there is lost.
func (r *round) killMaster() {
	r.struck = time.Now()
	r.master.Kill()
	r.publish.stop()
	_ = r.conn.Close()
}

// kill kills the master, which comes back.
func (r *round) kill() error {
	r.killMaster()
	r.master.Restart()
	r.left = r.master
	return nil
}

// cutPower leaves the master what was fsynced.
func (r *round) cutPower() error {
	r.killMaster()
	if _, err := power.Cut(r.master.Dir()); err != nil {
		return err
	}
	r.master.Restart()
	r.left = r.master
	return nil
}

// failOver lets sentinels promote a replica.
func (r *round) failOver() error {
	r.killMaster()
	r.left = r.sentinel.Settle()
	return nil
}

// failOverLagging is failOver when both replicas stood still for a moment before.
func (r *round) failOverLagging() error {
	for _, replica := range r.replicas {
		replica.Pause()
	}
	if err := r.fallBehind(len(r.replicas)); err != nil {
		return err
	}
	r.killMaster()
	for _, replica := range r.replicas {
		replica.Resume()
	}
	r.left = r.sentinel.Settle()
	return nil
}

// failOverToTheLast is failOver to the replica that lags, the other one being dead.
func (r *round) failOverToTheLast() error {
	if len(r.replicas) != 2 {
		return fmt.Errorf("the master has %d replicas, want 2", len(r.replicas))
	}
	behind, ahead := r.replicas[0], r.replicas[1]
	behind.Pause()
	if err := r.fallBehind(1); err != nil {
		return err
	}
	r.killMaster()
	ahead.Kill()
	behind.Resume()
	r.left = r.sentinel.Settle()
	return nil
}

// failOverCluster lets the replica take over that stood still for a moment before.
func (r *round) failOverCluster() error {
	if len(r.replicas) != 1 {
		return fmt.Errorf("the master has %d replicas, want 1", len(r.replicas))
	}
	replica := r.replicas[0]
	replica.Pause()
	if err := r.fallBehind(1); err != nil {
		return err
	}
	r.killMaster()
	replica.Resume()
	return r.until("the replica takes over", func() bool {
		r.left = r.cluster.MasterFor(streamName)
		return r.left.Addr() == replica.Addr()
	})
}
