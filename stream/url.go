package stream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// plan is where and how to connect: exactly one of the three kinds of options.
type plan struct {
	simple   *redis.Options
	failover *redis.FailoverOptions
	cluster  *redis.ClusterOptions
	tls      *tls.Config // what of the options says TLS, nil for none
	where    string      // addresses, for errors: no credentials
}

// String is where the plan leads, without credentials.
func (p *plan) String() string { return p.where }

// userWithoutPassword tells whether a user is named who could not be used: without
// a password nobody is authenticated.
func (p *plan) userWithoutPassword() bool {
	switch {
	case p.simple != nil:
		return p.simple.Username != "" && p.simple.Password == ""
	case p.failover != nil:
		return p.failover.Username != "" && p.failover.Password == ""
	}
	return p.cluster != nil && p.cluster.Username != "" && p.cluster.Password == ""
}

// address is a URL taken apart. url.Parse cannot do it: it refuses several hosts.
type address struct {
	scheme, user, password string
	hosts                  []string
	path                   string
	query                  url.Values
}

// ErrURL is wrapped by the errors of URLs that [Dial] does not understand.
var ErrURL = errors.New("redis url")

// parseURL never quotes what it was given: a password may be in it.
func parseURL(raw string) (*plan, error) {
	if raw == "" {
		raw = DefaultURL
	}
	a, err := splitURL(raw)
	if err != nil {
		return nil, err
	}
	base, secure := strings.CutPrefix(a.scheme, "rediss")
	if !secure {
		base, _ = strings.CutPrefix(a.scheme, "redis")
	}
	p := &plan{where: a.scheme + "://" + strings.Join(a.hosts, ",") + a.path}
	if secure {
		p.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	switch {
	case a.scheme == "unix":
		err = p.unix(a)
	case base == "" && a.scheme != "":
		err = p.single(a)
	case base == "+sentinel":
		err = p.sentinel(a)
	case base == "+cluster":
		err = p.clustered(a)
	default:
		err = fmt.Errorf("%w: scheme %q: want redis, rediss, unix, redis+sentinel or redis+cluster", ErrURL, a.scheme)
	}
	if err != nil {
		return nil, err
	}
	for name := range a.query {
		return nil, fmt.Errorf("%w: parameter %q is not known for %s", ErrURL, name, a.scheme)
	}
	return p, nil
}

func splitURL(raw string) (address, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return address{}, fmt.Errorf("%w: no scheme; it looks like %s", ErrURL, DefaultURL)
	}
	a := address{scheme: strings.ToLower(scheme)}
	rest, query, _ := strings.Cut(rest, "?")
	authority := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, a.path = rest[:i], rest[i:]
	}
	// A password with a bare '/' or '?' would be taken for host, path and
	// parameters, and shown as such.
	if strings.Contains(query, "@") || (a.scheme != "unix" && strings.Contains(a.path, "@")) {
		return address{}, fmt.Errorf("%w: '@' behind the host: percent-encode what is special in user, password and parameters (%%2F for '/', %%3F for '?', %%40 for '@')", ErrURL)
	}
	var err error
	if a.query, err = url.ParseQuery(query); err != nil {
		return address{}, fmt.Errorf("%w: its parameters cannot be decoded", ErrURL)
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, password, _ := strings.Cut(authority[:i], ":")
		authority = authority[i+1:]
		if a.user, err = url.PathUnescape(user); err == nil {
			a.password, err = url.PathUnescape(password)
		}
		if err != nil {
			return address{}, fmt.Errorf("%w: user or password is not percent-encoded properly", ErrURL)
		}
	}
	if authority != "" {
		a.hosts = strings.Split(authority, ",")
	}
	return a, nil
}

// addrs are the hosts with their ports.
func (a *address) addrs(port string) ([]string, error) {
	if len(a.hosts) == 0 {
		return []string{net.JoinHostPort("127.0.0.1", port)}, nil
	}
	out := make([]string, 0, len(a.hosts))
	for _, host := range a.hosts {
		name, given, err := net.SplitHostPort(host)
		if err != nil {
			name, given = strings.Trim(host, "[]"), port
		}
		if n, err := strconv.ParseUint(given, 10, 16); err != nil || n == 0 || name == "" {
			return nil, fmt.Errorf("%w: host %q: want host:port", ErrURL, host)
		}
		out = append(out, net.JoinHostPort(name, given))
	}
	return out, nil
}

// take removes a parameter from those that are left to explain.
func (a *address) take(name string) string {
	v := a.query.Get(name)
	a.query.Del(name)
	return v
}

// db is the database's number from a path element or the parameter db.
func (a *address) db(element string) (int, error) {
	if p := a.take("db"); p != "" {
		element = p
	}
	if element == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(element, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%w: database %q: want a number", ErrURL, element)
	}
	return int(n), nil
}

// common are the parameters that all kinds have.
func (a *address) common() (protocol int, name string, dial time.Duration, err error) {
	name = a.take("client_name")
	if v := a.take("protocol"); v != "" {
		if protocol, err = strconv.Atoi(v); err != nil || protocol < 2 || protocol > 3 {
			return 0, "", 0, fmt.Errorf("%w: protocol %q: want 2 or 3", ErrURL, v)
		}
	}
	if v := a.take("dial_timeout"); v != "" {
		if dial, err = time.ParseDuration(v); err != nil || dial <= 0 {
			return 0, "", 0, fmt.Errorf("%w: dial_timeout %q: want a duration such as 2s", ErrURL, v)
		}
	}
	return protocol, name, dial, nil
}

func (p *plan) unix(a address) error {
	if len(a.hosts) > 0 || a.path == "" {
		return fmt.Errorf("%w: want unix:///path/to/socket", ErrURL)
	}
	db, err := a.db("")
	if err != nil {
		return err
	}
	o := &redis.Options{Network: "unix", Addr: a.path, Username: a.user, Password: a.password, DB: db}
	o.Protocol, o.ClientName, o.DialTimeout, err = a.common()
	p.simple = o
	return err
}

func (p *plan) single(a address) error {
	addrs, err := a.addrs("6379")
	if err != nil {
		return err
	}
	if len(addrs) > 1 {
		return fmt.Errorf("%w: several hosts: want redis+cluster:// or redis+sentinel://", ErrURL)
	}
	db, err := a.db(strings.Trim(a.path, "/"))
	if err != nil {
		return err
	}
	o := &redis.Options{Addr: addrs[0], Username: a.user, Password: a.password, DB: db, TLSConfig: p.tls}
	o.Protocol, o.ClientName, o.DialTimeout, err = a.common()
	p.simple = o
	return err
}

func (p *plan) sentinel(a address) error {
	addrs, err := a.addrs("26379")
	if err != nil {
		return err
	}
	master, element, _ := strings.Cut(strings.Trim(a.path, "/"), "/")
	if master == "" {
		return fmt.Errorf("%w: want the master's name behind the sentinels: redis+sentinel://host,host/master", ErrURL)
	}
	db, err := a.db(element)
	if err != nil {
		return err
	}
	o := &redis.FailoverOptions{
		MasterName: master, SentinelAddrs: addrs,
		SentinelUsername: a.take("sentinel_username"), SentinelPassword: a.take("sentinel_password"),
		Username: a.user, Password: a.password, DB: db, TLSConfig: p.tls,
	}
	o.Protocol, o.ClientName, o.DialTimeout, err = a.common()
	p.failover = o
	return err
}

func (p *plan) clustered(a address) error {
	addrs, err := a.addrs("6379")
	if err != nil {
		return err
	}
	if element := strings.Trim(a.path, "/"); element != "" && element != "0" {
		return fmt.Errorf("%w: a cluster has database 0 only", ErrURL)
	}
	o := &redis.ClusterOptions{Addrs: addrs, Username: a.user, Password: a.password, TLSConfig: p.tls}
	o.Protocol, o.ClientName, o.DialTimeout, err = a.common()
	p.cluster = o
	return err
}
