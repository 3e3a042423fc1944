// Package webaddress reads the addresses of web servers that people write into
// configurations: of a webhook, of a STAC API.
package webaddress

import (
	"errors"
	"net/url"
)

// Parse reads an address of http or https with a host; its fragment is left out. An
// error quotes nothing of it, since it may hold a password.
func Parse(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("is empty")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil: // the error quotes it all
		return nil, errors.New("is not a URL; special characters of a user or password want percent-encoding")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("want http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
