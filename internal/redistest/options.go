package redistest

// Option changes what Start starts.
type Option func(*settings)

// settings is what the options of one server add up to.
type settings struct {
	binary   string // program; empty: the default one
	unix     bool
	tls      bool
	cluster  bool
	password string // of the default user; empty: none
	users    []user
	extra    []directive
}

// user is an ACL user; rules as in ACL SETUSER, without on and the password.
type user struct {
	name, password, rules string
}

// directive is a line of redis.conf.
type directive struct {
	key, value string
}

// AOF switches the append-only file on; fsync is the appendfsync policy: "always", "everysec" or "no". Without it a server that
// is killed comes back empty.
func AOF(fsync string) Option {
	return func(s *settings) {
		s.extra = append(s.extra, directive{"appendonly", "yes"}, directive{"appendfsync", fsync})
	}
}

// TLS makes the server speak TLS alone and demand a client certificate. CAFile, CertFile, KeyFile and TLSConfig are what a client
// needs.
func TLS() Option {
	return func(s *settings) { s.tls = true }
}

// Password sets the password of the default user (requirepass).
func Password(password string) Option {
	return func(s *settings) { s.password = password }
}

// ACLUser adds a user with ACL rules such as "~orders* &* +@all -@dangerous". URL holds the credentials of the first user added.
// The default user is switched off, unless Password gives it one.
func ACLUser(name, password, rules string) Option {
	return func(s *settings) { s.users = append(s.users, user{name, password, rules}) }
}

// Config adds a line of redis.conf; value is written as it is, so one with spaces needs quotes where it is a single argument.
// Later lines win over earlier ones and over the package's own.
func Config(key, value string) Option {
	return func(s *settings) { s.extra = append(s.extra, directive{key, value}) }
}

// Unix makes the server listen on a unix socket alone.
func Unix() Option {
	return func(s *settings) { s.unix = true }
}

// Binary starts this program instead of the default one: a path, or a name in PATH. Installed lists what the machine has.
func Binary(path string) Option {
	return func(s *settings) { s.binary = path }
}
