package child

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Variable is the environment variable that makes a program a child.
const Variable = "LEAT_FAULTS_CHILD"

// What a child does.
const (
	RoleWorker   = "worker"
	RoleProducer = "producer"
)

// Task is what a child is told. Durations are nanoseconds in JSON.
type Task struct {
	Role    string `json:"role"`
	Name    string `json:"name"` // of the process, and of the consumer; never used twice
	URL     string `json:"url"`
	Stream  string `json:"stream"`
	Group   string `json:"group"`
	History string `json:"history"` // the file
	// Timeout bounds a command to Redis.
	Timeout time.Duration `json:"timeout"`

	Worker   Worker   `json:"worker"`
	Producer Producer `json:"producer"`
	// Sabotage makes the child break a promise, to see that it is noticed: see the Sabotage constants.
	Sabotage string `json:"sabotage,omitempty"`
}

// Worker is how a worker works.
type Worker struct {
	Lease         time.Duration `json:"lease"`
	Busy          time.Duration `json:"busy"` // how long the handler takes
	Shutdown      time.Duration `json:"shutdown"`
	Backoff       time.Duration `json:"backoff"` // until the next try of what failed
	Poll          time.Duration `json:"poll"`
	ConsumerIdle  time.Duration `json:"consumer_idle"`
	Concurrency   int           `json:"concurrency"`
	Prefetch      int           `json:"prefetch"` // 0: as the load asks for
	MaxAttempts   int           `json:"max_attempts"`
	MaxDeliveries int           `json:"max_deliveries"`
	Ordered       bool          `json:"ordered"` // by the key in the event's ID
}

// Producer is what a producer sends.
type Producer struct {
	Rate    int           `json:"rate"` // events a second; 0: as fast as Redis takes them
	Most    int           `json:"most"` // events in all; 0: until it is told to stop
	Size    int           `json:"size"` // bytes of data
	Keys    int           `json:"keys"` // events have one of so many keys; 0: none
	Pending int           `json:"pending"`
	Close   time.Duration `json:"close"` // for how long it tries to get rid of what it has when it is told to stop
	Publish bool          `json:"publish"`
	Retry   time.Duration `json:"retry"`
	// Every so manieth event fails once, always, for ever without being tried again, or kills its worker; 0: none does.
	Fails, Hopeless, Permanent, Kills int
}

// Event is the ID of a producer's nth event.
func (t *Task) Event(n int) string {
	p := &t.Producer
	every := func(k int) bool { return k > 0 && n%k == k-1 }
	var traits string
	switch {
	case every(p.Kills):
		traits = "x"
	case every(p.Permanent):
		traits = "p"
	case every(p.Hopeless):
		traits = "h"
	case every(p.Fails):
		traits = "f"
	}
	id := t.Name + "." + strconv.Itoa(n)
	if p.Keys > 0 {
		traits += "k" + strconv.Itoa(n%p.Keys)
	}
	if traits != "" {
		id += "-" + traits
	}
	return id
}

// Traits are what a handler has to do with an event, by its ID: the letters behind the last dash. "producer-1.17" has none, and
// is done; "producer-1.17-f" fails at the first try, "-h" at every one, "-p" in a way that trying again will not mend, "-x"
// kills the worker that tries it. "k" and a number behind them are its key.
type Traits struct {
	FailsOnce, Hopeless, Permanent, Kills bool
	Key                                   string
}

// TraitsOf reads an event's ID.
func TraitsOf(id string) (t Traits) {
	dot := strings.LastIndexByte(id, '.')
	if dot < 0 {
		return t
	}
	_, letters, ok := strings.Cut(id[dot:], "-")
	if !ok {
		return t
	}
	letters, t.Key, _ = strings.Cut(letters, "k")
	for _, c := range letters {
		switch c {
		case 'f':
			t.FailsOnce = true
		case 'h':
			t.Hopeless = true
		case 'p':
			t.Permanent = true
		case 'x':
			t.Kills = true
		}
	}
	return t
}

// Key is the key of an event by its ID, and whether it has one.
func Key(id string) (key string, ok bool) {
	key = TraitsOf(id).Key
	return key, key != ""
}

// Environment is the task as it is given to a child.
func (t *Task) Environment() (string, error) {
	told, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode the task of %s: %w", t.Name, err)
	}
	return Variable + "=" + string(told), nil
}

// Main does the task of a child, and says whether this process is one; code is what it has to exit with.
func Main() (code int, child bool) {
	told, child := os.LookupEnv(Variable)
	if !child {
		return 0, false
	}
	var t Task
	if err := json.Unmarshal([]byte(told), &t); err != nil {
		fmt.Fprintln(os.Stderr, "child: decode the task:", err)
		return 2, true
	}
	if err := t.run(); err != nil {
		fmt.Fprintf(os.Stderr, "child %s: %v\n", t.Name, err)
		return 1, true
	}
	return 0, true
}
