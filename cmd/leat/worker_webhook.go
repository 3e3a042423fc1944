package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
)

func (w *worker) webhook() (consumer.Handler, func(), error) {
	f := &w.flags
	header, err := headers(f.webhookHeaders, f.headerFile)
	if err != nil {
		return nil, nil, &usageError{err}
	}
	cfg := webhook.Config{
		URL: f.webhook, Mode: f.webhookMode.Mode, Timeout: f.webhookTimeout,
		Header: header, TokenFile: f.tokenFile, Concurrency: f.concurrency,
	}
	plain, err := webhook.New(cfg)
	if err != nil {
		return nil, nil, &usageError{err}
	}
	if !w.traced {
		return plain.Handle, plain.Close, nil
	}
	transport := tracedTransport(f.concurrency)
	cfg.Transport = propagating{transport}
	sink, err := webhook.New(cfg)
	if err != nil {
		return nil, nil, &usageError{err}
	}
	return sink.Handle, transport.CloseIdleConnections, nil
}

// headers reads "Name: value" from flags and from the lines of a file. Errors name
// the place and never the value, which may be a secret.
func headers(flags []string, file string) (http.Header, error) {
	h := http.Header{}
	add := func(line, where string, number int) error {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("%s %d is not \"Name: value\"", where, number)
		}
		h.Add(name, strings.TrimSpace(value))
		return nil
	}
	for i, line := range flags {
		if err := add(line, "--webhook-header", i+1); err != nil {
			return nil, err
		}
	}
	if file == "" {
		return h, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--webhook-header-file: %w", err)
	}
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := add(line, "--webhook-header-file: line", number); err != nil {
			return nil, err
		}
	}
	return h, nil
}
