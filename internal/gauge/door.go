package gauge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/stream"
)

// door leads to the server that has the bench's keys, in two ways that package
// stream does not offer: with commands of ours ([door.do]: INFO, UNLINK), and as a
// connection for the bare protocol ([door.open]).
//
// It is a hook on a connection of leat. A command of ours goes in the place of one
// that leat sends for the bench's key, so that it takes the same way, be that a
// cluster, sentinels, TLS or a password file. A bare connection is dialled by the
// function that leat's own was dialled by, and shows the credentials that leat's
// own showed.
type door struct {
	conn *stream.Conn
	key  string // names the hash slot of all the bench's keys

	mu    sync.Mutex
	dials map[string]dialling // by address
	auth  []string            // AUTH as it was accepted; nil for none
	db    string              // SELECT as it was accepted; empty for none
}

// dialling is how a connection was made.
type dialling struct {
	dial          redis.DialHook
	network, addr string
	tls           bool
	loopback      bool // or a unix socket
}

// newDoor connects.
func newDoor(ctx context.Context, cfg Config, key string) (*door, error) {
	d := &door{key: key, dials: map[string]dialling{}}
	conn, err := cfg.Dial(ctx, stream.WithHook(d))
	d.conn = conn
	return d, err
}

// errand is a command of ours on its way.
type errand struct {
	args  []any
	gone  bool
	reply any
	err   error
}

type errandKey struct{}

// errAnswered ends the command in whose place one of ours went. It is an error of
// the server's kind, so that nobody takes it for a lost connection.
var errAnswered = redis.Error(stream.ServerError("ERR answered in its place"))

// do sends one command to the server of the bench's keys and returns its reply.
// It is bounded by the connection's timeout.
func (d *door) do(ctx context.Context, args ...any) (any, error) {
	e := &errand{args: args}
	_, err := d.conn.Groups(context.WithValue(ctx, errandKey{}, e), d.key)
	if !e.gone { // no server was found, or ctx has ended
		return nil, fmt.Errorf("%v: %w", args[0], err)
	}
	if e.err != nil {
		return nil, fmt.Errorf("%v: %w", args[0], e.err)
	}
	return e.reply, nil
}

// text is do for a reply that is a string.
func (d *door) text(ctx context.Context, args ...any) (string, error) {
	reply, err := d.do(ctx, args...)
	if err != nil {
		return "", err
	}
	s, ok := reply.(string)
	if !ok {
		return "", fmt.Errorf("%v: unexpected reply of type %T", args[0], reply)
	}
	return s, nil
}

// ProcessHook sends ours in place of the marked command, and takes note of how
// connections introduce themselves.
func (d *door) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		// What a new connection sends first comes by here as well, inside of next.
		e, marked := ctx.Value(errandKey{}).(*errand)
		if !marked || e.gone {
			err := next(ctx, cmd)
			if err == nil {
				d.note(cmd)
			}
			return err
		}
		e.gone = true
		own := redis.NewCmd(ctx, e.args...)
		e.err = next(ctx, own)
		e.reply = own.Val()
		if e.err != nil {
			return e.err
		}
		return errAnswered
	}
}

// ProcessPipelineHook takes note of what new connections send.
func (d *door) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if cmd.Err() == nil {
				d.note(cmd)
			}
		}
		return err
	}
}

// DialHook takes note of how connections are made.
func (d *door) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := next(ctx, network, addr)
		if err == nil {
			how := dialling{dial: next, network: network, addr: addr, loopback: loopback(nc.RemoteAddr())}
			_, how.tls = nc.(*tls.Conn)
			d.mu.Lock()
			d.dials[addr] = how
			d.mu.Unlock()
		}
		return nc, err
	}
}

func loopback(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// note keeps the credentials and the database that the server accepted.
func (d *door) note(cmd redis.Cmder) {
	args := cmd.Args()
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = fmt.Sprint(arg)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch strings.ToLower(cmd.Name()) {
	case "hello":
		for i, word := range words {
			if strings.EqualFold(word, "auth") && i+2 < len(words) {
				d.auth = []string{"AUTH", words[i+1], words[i+2]}
				return
			}
		}
	case "auth":
		d.auth = words
	case "select":
		if len(words) == 2 {
			d.db = words[1]
		}
	}
}

// errNoWay is wrapped where a bare connection cannot be made for a reason that is no
// failure of the server.
var errNoWay = errors.New("the server's own address is not known")

// open makes a connection of the bare protocol to the server of the bench's keys.
func (d *door) open(ctx context.Context) (*bare.Conn, error) {
	how, err := d.way(ctx)
	if err != nil {
		return nil, err
	}
	nc, err := how.dial(ctx, how.network, how.addr)
	if err != nil {
		return nil, fmt.Errorf("connect for the bare protocol: %w", err)
	}
	c := bare.New(nc)
	d.mu.Lock()
	auth, db := d.auth, d.db
	d.mu.Unlock()
	var introduction [][]string
	if auth != nil {
		introduction = append(introduction, auth)
	}
	if db != "" {
		introduction = append(introduction, []string{"SELECT", db})
	}
	for _, args := range introduction {
		if _, err := c.Do(ctx, args...); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("connect for the bare protocol: %w", err)
		}
	}
	return c, nil
}

// way is how leat's own connection to the server of the key was made.
func (d *door) way(ctx context.Context) (dialling, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.dials) > 1 { // a cluster: which of its nodes is it?
		d.mu.Unlock()
		addr, err := d.master(ctx)
		d.mu.Lock()
		if err != nil {
			return dialling{}, err
		}
		if how, ok := d.dials[addr]; ok {
			return how, nil
		}
		return dialling{}, fmt.Errorf("%w: leat reaches the cluster's node %s by another one", errNoWay, addr)
	}
	for _, how := range d.dials {
		return how, nil
	}
	return dialling{}, errNoWay
}

// master is the address of the key's master, as its cluster announces it.
func (d *door) master(ctx context.Context) (string, error) {
	slot, err := d.do(ctx, "CLUSTER", "KEYSLOT", d.key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoWay, err)
	}
	ranges, err := d.do(ctx, "CLUSTER", "SLOTS")
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoWay, err)
	}
	return masterOf(slot, ranges)
}

// masterOf finds a slot's master in the reply to CLUSTER SLOTS: from, to, master
// (host, port, ...), replicas.
func masterOf(slot, ranges any) (string, error) {
	n, _ := slot.(int64)
	list, _ := ranges.([]any)
	for _, one := range list {
		row, _ := one.([]any)
		if len(row) < 3 {
			continue
		}
		from, _ := row[0].(int64)
		to, _ := row[1].(int64)
		node, _ := row[2].([]any)
		if n < from || n > to || len(node) < 2 {
			continue
		}
		return net.JoinHostPort(fmt.Sprint(node[0]), fmt.Sprint(node[1])), nil
	}
	return "", fmt.Errorf("%w: the cluster has no master for slot %v", errNoWay, slot)
}
