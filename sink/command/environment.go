package command

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// own is how the names of our variables begin: the event's, and the worker's
// flags.
const own = "LEAT_"

var (
	// redisName and secretName together are a variable like REDIS_PASSWORD,
	// REDISCLI_AUTH or CACHE_REDIS_URL; REDIS_HOSTNAME and REDIS_PORT are none.
	redisName  = regexp.MustCompile(`(?i)REDIS|VALKEY`)
	secretName = regexp.MustCompile(`(?i)PASS|PWD|AUTH|TOKEN|SECRET|CRED|URL|URI|DSN`)
	// redisURL is a URL with a user or password in it, of leat's kinds or of other clients' (redis-sentinel://), be the password
	// encoded as it should or not.
	redisURL = regexp.MustCompile(`(?i)(redis|valkey)[a-z+-]*://[^@\s]*@`)
)

// inherited is what of the worker's environment a program may see.
func inherited(environ, keep []string) []string {
	out := make([]string, 0, len(environ))
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		private := strings.HasPrefix(strings.ToUpper(name), own) ||
			redisName.MatchString(name) && secretName.MatchString(name) || redisURL.MatchString(value)
		if !private || slices.Contains(keep, name) {
			out = append(out, v)
		}
	}
	return out
}

// variables are the event's attributes as NAME=value, those that are empty left
// out.
func variables(d *stream.Delivery, e *stream.Event) ([]string, error) {
	at := ""
	if !e.Time.IsZero() {
		at = e.Time.Format(time.RFC3339Nano)
	}
	vars := make([]string, 0, 10+len(e.Extensions))
	var err error
	add := func(name, value string) {
		switch {
		case value == "":
		case strings.ContainsRune(value, 0):
			err = consumer.Permanent(fmt.Errorf("pass %s on to the program: it has a NUL byte, which no environment can have", own+name))
		default:
			vars = append(vars, own+name+"="+value)
		}
	}
	add("ID", e.ID)
	add("SOURCE", e.Source)
	add("TYPE", e.Type)
	add("SUBJECT", e.Subject)
	add("TIME", at)
	add("DATACONTENTTYPE", e.DataContentType)
	add("DATASCHEMA", e.DataSchema)
	for name, value := range e.Extensions {
		add("EXT_"+strings.ToUpper(name), value)
	}
	add("STREAM", d.Stream)
	add("ENTRY_ID", d.EntryID.String())
	add("ATTEMPT", strconv.Itoa(d.Attempt))
	return vars, err
}

// largest names the longest variable, for the error that says that it is too
// long.
func largest(vars []string) (name string, size int) {
	for _, v := range vars {
		if len(v) > size {
			name, _, _ = strings.Cut(v, "=")
			size = len(v)
		}
	}
	return name, size
}
