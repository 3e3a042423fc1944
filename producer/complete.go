package producer

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/google/uuid"

	"github.com/leat-io/leat/stream"
)

// identity is the ID that the producer gave an event: one of the two is empty.
// A UUID is kept as such, and its text is made when somebody asks for it.
type identity struct {
	text string // what the event came with, or Config.NewID made
	made uuid.UUID
}

// String is the ID's text.
func (i *identity) String() string {
	if i.made == uuid.Nil {
		return i.text
	}
	return i.made.String()
}

// identify is the identity of an event with that ID.
func (p *Producer) identify(id string, now time.Time) identity {
	switch {
	case id != "":
		return identity{text: id}
	case p.cfg.NewID != nil:
		return identity{text: p.cfg.NewID()}
	}
	return identity{made: p.uuids.next(now)}
}

// complete fills in what the event lacks. Its ID may be in text afterwards: the
// event must be out of use when text is written again.
func (p *Producer) complete(e *stream.Event, id *identity, text *uuidText, now time.Time) {
	if e.ID = id.text; id.made != uuid.Nil {
		text.write(id.made)
		e.ID = unsafe.String(&text[0], len(text))
	}
	if e.Source == "" {
		e.Source = p.cfg.Source
	}
	if e.Time.IsZero() {
		e.Time = now
	}
}

// check tells why a complete event cannot be sent, or its size.
func (p *Producer) check(e *stream.Event) (size int, err error) {
	if err := e.Validate(); err != nil {
		return 0, err
	}
	if size = e.Size(); size > p.cfg.MaxEventBytes {
		return 0, fmt.Errorf("event %q: %w", e.ID, &TooLargeError{Size: size, Limit: p.cfg.MaxEventBytes})
	}
	return size, nil
}
