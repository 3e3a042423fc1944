package consumer

import "sync"

// lock is a sync.RWMutex for what may be held while Redis is asked. Who waits for it
// waits on a condition: a simulated clock (testing/synctest) goes on while somebody
// does, which it does not for a mutex. The zero value is open. Writers come before
// readers that have not got it yet.
type lock struct {
	mu      sync.Mutex
	freed   *sync.Cond
	readers int
	writing bool
	writers int // that wait
}

// wait waits for busy to become false. Called with mu.
func (l *lock) wait(busy func() bool) {
	if l.freed == nil {
		l.freed = sync.NewCond(&l.mu)
	}
	for busy() {
		l.freed.Wait()
	}
}

// free wakes those who wait. Called with mu.
func (l *lock) free() {
	if l.freed != nil {
		l.freed.Broadcast()
	}
}

// Lock waits until nobody has it, and takes it alone.
func (l *lock) Lock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writers++
	l.wait(func() bool { return l.writing || l.readers > 0 })
	l.writers--
	l.writing = true
}

// TryLock takes it alone, unless somebody has it.
func (l *lock) TryLock() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing || l.readers > 0 {
		return false
	}
	l.writing = true
	return true
}

// Unlock undoes Lock and TryLock.
func (l *lock) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writing = false
	l.free()
}

// RLock waits until nobody has it alone, or waits to, and takes it with others.
func (l *lock) RLock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait(func() bool { return l.writing || l.writers > 0 })
	l.readers++
}

// RUnlock undoes RLock.
func (l *lock) RUnlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
	l.free()
}
