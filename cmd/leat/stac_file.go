package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/poll"
)

// stacFile is --config of `leat stac`.
type stacFile struct {
	Stream   string       `yaml:"stream"`
	Producer string       `yaml:"producer"`
	Sources  []stacSource `yaml:"sources"`
}

// stacSource is one source, of the file or of the flags.
type stacSource struct {
	Name          string   `yaml:"name"`
	API           string   `yaml:"api"`
	Collections   []string `yaml:"collections"`
	BBox          any      `yaml:"bbox"`       // "w,s,e,n", or a list
	Intersects    any      `yaml:"intersects"` // GeoJSON as text, or an object
	Datetime      string   `yaml:"datetime"`
	Filter        any      `yaml:"filter"` // CQL2 text, or an object
	Query         any      `yaml:"query"`
	Limit         int      `yaml:"limit"`
	Auth          stacAuth `yaml:"auth"`
	AllowHosts    []string `yaml:"allow-hosts"`
	AllowNetworks []string `yaml:"allow-networks"`
	UserAgent     string   `yaml:"user-agent"`

	Rate    float64       `yaml:"rate"`
	Timeout time.Duration `yaml:"timeout"`

	Strategy   poll.Strategy `yaml:"strategy"`
	Since      string        `yaml:"since"`
	FromNow    bool          `yaml:"from-now"`
	Interval   time.Duration `yaml:"interval"`
	Reconcile  time.Duration `yaml:"reconcile"`
	Overlap    time.Duration `yaml:"overlap"`
	MaxDeleted float64       `yaml:"max-deleted"`
	Stream     string        `yaml:"stream"`
	Producer   string        `yaml:"producer"`
}

// stacAuth is who asks. Secrets are in files.
type stacAuth struct {
	TokenFile    string    `yaml:"token-file"`
	User         string    `yaml:"user"`
	PasswordFile string    `yaml:"password-file"`
	KeyFile      string    `yaml:"api-key-file"`
	KeyHeader    string    `yaml:"api-key-header"`
	KeyQuery     string    `yaml:"api-key-query"`
	OAuth        stacOAuth `yaml:"oauth"`
}

type stacOAuth struct {
	TokenURL     string `yaml:"token-url"`
	ClientID     string `yaml:"client-id"`
	SecretFile   string `yaml:"client-secret-file"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password-file"`
	Scope        string `yaml:"scope"`
}

// readStacFile reads a file of sources. What it does not know is an error.
func readStacFile(path string) (*stacFile, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var f stacFile
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("--config %s: %w", path, err)
	}
	if len(f.Sources) == 0 {
		return nil, fmt.Errorf("--config %s: there are no sources in it", path)
	}
	return &f, nil
}

// config is the file as the library has it.
func (f *stacFile) config() (poll.Config, error) {
	cfg := poll.Config{Stream: f.Stream, Producer: f.Producer}
	var errs []error
	for i := range f.Sources {
		src, err := f.Sources[i].source()
		if err != nil && len(f.Sources) > 1 {
			err = fmt.Errorf("source %d: %w", i+1, err)
		}
		errs = append(errs, err)
		if src.Stream == "" && f.Stream == "" {
			errs = append(errs, errors.New("STREAM is missing: give it in --stream, LEAT_STREAM or STREAM"))
		}
		cfg.Sources = append(cfg.Sources, src)
	}
	return cfg, errors.Join(errs...)
}

func (s *stacSource) source() (poll.Source, error) {
	client, err := s.client()
	errs := []error{err}
	src := poll.Source{
		Name: s.Name, Client: client, Strategy: s.Strategy, Interval: s.Interval, Reconcile: s.Reconcile, Overlap: s.Overlap,
		MaxDeleted: s.MaxDeleted, Stream: s.Stream, Producer: s.Producer,
		Query: stac.Query{Collections: s.Collections, Limit: s.Limit},
	}
	set := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	src.Start, err = s.start()
	set("since", err)
	src.Query.BBox, err = box(s.BBox)
	set("bbox", err)
	src.Query.Intersects, err = object(s.Intersects)
	set("intersects", err)
	src.Query.Query, err = object(s.Query)
	set("query", err)
	if words, ok := s.Filter.(string); ok && !strings.HasPrefix(strings.TrimSpace(words), "{") {
		src.Query.Filter.Text = words
	} else {
		src.Query.Filter.JSON, err = object(s.Filter)
		set("filter", err)
	}
	if s.Datetime != "" {
		src.Query.Datetime, err = stac.ParseInterval(s.Datetime)
		set("datetime", err)
	}
	return src, errors.Join(errs...)
}

// start is from when on items are published.
func (s *stacSource) start() (poll.Start, error) {
	switch {
	case s.FromNow && s.Since != "":
		return poll.Start{}, errors.New("it and from-now exclude each other")
	case s.FromNow:
		return poll.FromNow(), nil
	case s.Since == "all":
		return poll.Since(time.Time{}), nil
	case s.Since == "":
		return poll.Start{}, nil
	}
	at, err := instant(s.Since)
	return poll.Since(at), err
}

// instant is a time, or the beginning of a day.
func instant(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, nil
	}
	return stac.ParseTime(s)
}

// client is how the server is reached.
func (s *stacSource) client() (stac.ClientConfig, error) {
	cfg := stac.ClientConfig{URL: s.API, AllowHosts: s.AllowHosts, Timeout: s.Timeout, UserAgent: s.UserAgent}
	var errs []error
	for _, one := range s.AllowNetworks {
		network, err := netip.ParsePrefix(one)
		if err != nil {
			errs = append(errs, fmt.Errorf("allow-network: %.60q is no network, want one such as 10.0.0.0/8", one))
		}
		cfg.AllowNetworks = append(cfg.AllowNetworks, network)
	}
	if s.Rate < 0 {
		errs = append(errs, fmt.Errorf("rate is %g, want 0 for the usual one or more", s.Rate))
	} else if s.Rate > 0 {
		cfg.Limiter = stac.NewLimiter(s.Rate, max(int(s.Rate), 1))
	}
	var err error
	cfg.Auth, err = s.Auth.auth()
	return cfg, errors.Join(append(errs, err)...)
}

// auth reads the secrets.
func (a *stacAuth) auth() (stac.Auth, error) {
	ways := 0
	for _, given := range []bool{a.TokenFile != "", a.User != "", a.KeyFile != "", a.OAuth.TokenURL != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return nil, errors.New("a token, a user, an API key and OAuth exclude each other")
	case a.TokenFile != "":
		_, err := secret("token-file", a.TokenFile)
		return stac.BearerFile(a.TokenFile), err
	case a.User != "":
		password, err := secret("password-file", a.PasswordFile)
		return stac.Basic(a.User, password), err
	case a.KeyFile != "":
		if (a.KeyHeader == "") == (a.KeyQuery == "") {
			return nil, errors.New("an API key goes into a header or into a parameter: want one of api-key-header and api-key-query")
		}
		key, err := secret("api-key-file", a.KeyFile)
		if a.KeyHeader != "" {
			return stac.APIKey(a.KeyHeader, key), err
		}
		return stac.APIKeyQuery(a.KeyQuery, key), err
	case a.OAuth.TokenURL != "":
		return a.OAuth.auth()
	case a.PasswordFile != "" || a.KeyHeader != "" || a.KeyQuery != "":
		return nil, errors.New("password-file wants a user, api-key-header and api-key-query want an api-key-file")
	}
	return nil, nil
}

func (o *stacOAuth) auth() (stac.Auth, error) {
	cfg := stac.OAuthConfig{TokenURL: o.TokenURL, ClientID: o.ClientID, User: o.User, Scope: o.Scope}
	var errs []error
	for _, one := range []struct {
		name, path string
		to         *string
	}{{"client-secret-file", o.SecretFile, &cfg.ClientSecret}, {"oauth password-file", o.PasswordFile, &cfg.Password}} {
		if one.path != "" {
			var err error
			*one.to, err = secret(one.name, one.path)
			errs = append(errs, err)
		}
	}
	return stac.OAuth(cfg), errors.Join(errs...)
}

// secret is what a file has, without the line break at its end.
func secret(name, path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("%s is missing", name)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// box is a bounding box, as text or as a list.
func box(v any) ([]float64, error) {
	var numbers []float64
	switch v := v.(type) {
	case nil:
	case string:
		if v == "" {
			return nil, nil
		}
		for part := range strings.SplitSeq(v, ",") {
			n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil {
				return nil, fmt.Errorf("%.60q is no number, want west,south,east,north", part)
			}
			numbers = append(numbers, n)
		}
	default:
		raw, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(raw, &numbers)
		}
		if err != nil {
			return nil, errors.New("want a list of numbers: [west, south, east, north]")
		}
	}
	return numbers, nil
}

// object is JSON, as text or as it is written in YAML.
func object(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if !json.Valid([]byte(v)) {
			return nil, errors.New("it is no JSON")
		}
		return json.RawMessage(v), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("it cannot be written as JSON: %w", err)
	}
	return raw, nil
}
