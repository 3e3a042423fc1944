package library

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Library is a queue that takes part. Its methods are called in different processes, or several times in one.
type Library interface {
	// Info says what it is.
	Info() Info
	// Publisher opens the producer's side.
	Publisher(ctx context.Context, j Job) (Publisher, error)
	// Work handles messages until ctx ends, and returns when all handlers have: nil when it has given back or settled all it
	// had. Returning before ctx ends is a worker that has died by itself.
	Work(ctx context.Context, j Job) error
	// Look says what is in Redis. Nobody works or publishes meanwhile, but workers that have nothing to do.
	Look(ctx context.Context, rdb *redis.Client, j Job) (Left, error)
	// Unsettled is how many messages are unread, pending, or wait for another try: those of strangers, too.
	Unsettled(ctx context.Context, rdb *redis.Client, j Job) (int, error)
	// Malform adds what is no message of this library: the n-th one, from 0. Even ones are what a program adds that knows nothing
	// of the library; odd ones look like its own and cannot be decoded, where the library has a form of its own.
	Malform(ctx context.Context, rdb *redis.Client, j Job, n int) error
}

// Publisher publishes messages. It is safe for concurrent use.
type Publisher interface {
	// Publish returns nil when the message is stored. Any error means: it may be.
	Publish(ctx context.Context, data []byte) error
	// Close gives everything back.
	Close() error
}

// Info is what is said about a library.
type Info struct {
	Name string
	// Module is the path of its Go module; empty for this repository's.
	Module string
	// Settings are for those who know it and will look for the mistake.
	Settings string
	// Promise is what its documentation promises, and where.
	Promise string
	// Lease is after what time others may have what a dead worker had, at the earliest; 0: [Job.Lease].
	Lease time.Duration
	// Once: it has a mode in which it settles messages before they are handled. See Job.AtMostOnce.
	Once bool
}

// Job is what workers and producers are told.
type Job struct {
	// Addr is where Redis, or a proxy before it, listens: host:port, without a password.
	Addr         string
	Queue, Group string
	// Name is the worker's. It is never used twice.
	Name string
	// Lease is after what time others take over what a worker has left, where that can be chosen.
	Lease       time.Duration
	Concurrency int
	// Attempts is how often a message is tried that fails, and Pause the time between tries, where that can be chosen.
	Attempts int
	Pause    time.Duration
	// Shutdown is how long handlers may go on when ctx has ended.
	Shutdown time.Duration
	// AtMostOnce settles messages before they are handled, to see that what is lost is found. Only where Info.Once says so.
	AtMostOnce bool
	// Handle handles what Publish was given. It ends early when ctx does.
	Handle func(ctx context.Context, data []byte) error
	// Report is told what goes wrong besides; never nil.
	Report func(error)
}

// Left is what is in Redis.
type Left struct {
	// Stored is how many entries hold a message, by its ID; nil when the library deletes messages that are done.
	Stored map[string]int
	// Open are messages that are neither done nor given up, by ID: "unread", "pending" or what else the library calls it.
	Open map[string]string
	// Buried are messages that were given up and kept: dead letters, an archive, a poison topic.
	Buried map[string]bool
	// Strange is how many are open that are no messages.
	Strange int
}
