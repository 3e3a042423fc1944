package stac

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"
)

// document is any answer: a page of items, one item, a catalog or a collection.
type document struct {
	kind     string // the member "type"
	id       string
	features []Item
	returned int // features that came, those without an ID included
	matched  int // -1 when it is not there
	limit    int // what the server says it keeps to, 0 when it does not
	links    []Link
	extent   bool // it has one, as collections do
	item     Item // where kind is Feature
}

// decoder makes items of the bytes of an answer, in one pass over them.
type decoder struct {
	scanner
	base   *url.URL                             // of the answer
	href   func(item *Item, self string) string // what Item.Href becomes
	last   string                               // the collection of the item before: most have the same
	broken bool                                 // an item had no ID
}

var errNoObject = errors.New("want a JSON object")

// document reads the whole answer. The items alias it.
func (d *decoder) document(body []byte) (*document, error) {
	d.scanner = scanner{buf: body}
	if d.peek() != '{' {
		d.fail(errNoObject.Error())
		return nil, d.err
	}
	doc := &document{matched: -1}
	var rawLinks json.RawMessage
	start := d.pos
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "type":
			doc.kind = d.name()
		case "features":
			d.features(doc)
		case "links":
			rawLinks = d.skip()
		case "numberMatched":
			doc.matched = d.count(doc.matched)
		case "context", "search:metadata":
			d.context(doc)
		case "id":
			doc.id = d.name()
		case "extent":
			doc.extent = len(d.skip()) > 0
		default:
			d.skip()
		}
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	if doc.kind == "Feature" {
		d.scanner = scanner{buf: body, pos: start}
		doc.item = d.item()
	}
	doc.links = decodeLinks(rawLinks, d.base)
	return doc, nil
}

func (d *decoder) features(doc *document) {
	if d.peek() != '[' {
		d.skip()
		return
	}
	for d.enter('['); d.more(']'); {
		doc.returned++
		item := d.item()
		if item.ID != "" {
			doc.features = append(doc.features, item)
		} else {
			d.broken = true
		}
	}
}

// context is where servers before numberMatched had their counts.
func (d *decoder) context(doc *document) {
	if d.peek() != '{' {
		d.skip()
		return
	}
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "matched":
			doc.matched = d.count(doc.matched)
		case "limit":
			doc.limit = max(d.count(0), 0)
		default:
			d.skip()
		}
	}
}

// item reads one item; its ID is empty when it has none.
func (d *decoder) item() Item {
	var item Item
	if d.peek() != '{' {
		d.skip()
		return item
	}
	start, self := d.pos, ""
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "id":
			item.ID = d.name()
		case "collection":
			item.Collection = d.collection()
		case "bbox":
			item.BBox = d.numbers()
		case "properties":
			d.properties(&item)
		case "links":
			self = d.self()
		default:
			d.skip()
		}
	}
	if d.err != nil {
		return Item{}
	}
	item.Raw = d.buf[start:d.pos:d.pos]
	item.Href = self
	if d.href != nil {
		item.Href = d.href(&item, self)
	}
	return item
}

func (d *decoder) properties(item *Item) {
	if d.peek() != '{' {
		d.skip()
		return
	}
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "datetime":
			item.Datetime = d.time()
		case "start_datetime":
			item.Start = d.time()
		case "end_datetime":
			item.End = d.time()
		case "created":
			item.Created = d.time()
		case "updated":
			item.Updated = d.time()
		default:
			d.skip()
		}
	}
}

// self is the href of the first link with rel=self.
func (d *decoder) self() string {
	found := ""
	if d.peek() != '[' {
		d.skip()
		return ""
	}
	for d.enter('['); d.more(']'); {
		if d.peek() != '{' {
			d.skip()
			continue
		}
		var isSelf bool
		var href []byte
		for d.enter('{'); d.more('}'); {
			switch string(d.key()) {
			case "rel":
				isSelf = string(d.bytes()) == "self"
			case "href":
				href = d.bytes()
			default:
				d.skip()
			}
		}
		if isSelf && found == "" {
			found = string(href)
		}
	}
	return found
}

// bytes is a string's content, nil where the value is something else.
func (d *decoder) bytes() []byte {
	if d.peek() != '"' {
		d.skip()
		return nil
	}
	return d.text()
}

// name is a string, or a number as it is written: some catalogs count their
// items.
func (d *decoder) name() string {
	switch c := d.peek(); {
	case c == '"':
		return string(d.text())
	case c == '-' || c >= '0' && c <= '9':
		return string(d.skip())
	}
	d.skip()
	return ""
}

func (d *decoder) collection() string {
	if b := d.bytes(); string(b) != d.last {
		d.last = string(b)
	}
	return d.last
}

// time is zero where the value is no time.
func (d *decoder) time() time.Time {
	b := d.bytes()
	if len(b) == 0 {
		return time.Time{}
	}
	t, err := ParseTime(string(b))
	if err != nil {
		return time.Time{}
	}
	return t
}

// numbers is an array of 4 or 6 finite numbers, nil where the value is anything
// else.
func (d *decoder) numbers() []float64 {
	if d.peek() != '[' {
		d.skip()
		return nil
	}
	list, good := make([]float64, 0, 6), true
	for d.enter('['); d.more(']'); {
		n, err := strconv.ParseFloat(string(d.skip()), 64)
		if err != nil || len(list) == 6 {
			good = false
			continue
		}
		list = append(list, n)
	}
	if !good || len(list) != 4 && len(list) != 6 {
		return nil
	}
	return list
}

// count is a number of items, fallback where the value is none.
func (d *decoder) count(fallback int) int {
	n, err := strconv.ParseFloat(string(d.skip()), 64)
	if err != nil || n < 0 || n > 1<<53 {
		return fallback
	}
	return int(n)
}
