package agree

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// readReply appends one reply to buf as it came.
func readReply(r *bufio.Reader, buf []byte) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	for err == bufio.ErrBufferFull { //nolint:errorlint // ReadSlice returns it bare
		buf = append(buf, line...)
		line, err = r.ReadSlice('\n')
	}
	if err != nil {
		return buf, err
	}
	buf = append(buf, line...)
	if len(line) < 3 {
		return buf, fmt.Errorf("read reply: %q is no line of one", line)
	}
	kind := line[0]
	if strings.IndexByte("$=!*~>%|", kind) < 0 {
		return buf, nil
	}
	n, err := strconv.Atoi(string(line[1 : len(line)-2]))
	if err != nil {
		return buf, fmt.Errorf("read reply: %w", err)
	}
	switch kind {
	case '$', '=', '!':
		if n < 0 {
			return buf, nil
		}
		at := len(buf)
		buf = append(buf, make([]byte, n+2)...)
		_, err = io.ReadFull(r, buf[at:])
		return buf, err
	case '%', '|':
		n *= 2
	}
	for range n {
		if buf, err = readReply(r, buf); err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// A node is a reply taken apart.
type node struct {
	kind  byte   // of RESP
	text  string // of what is no list
	null  bool
	items []node
}

// parseReply takes a whole reply apart.
func parseReply(raw []byte) (node, error) {
	n, rest, err := parseNode(raw)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("parse reply: %d bytes too many", len(rest))
	}
	return n, err
}

func parseNode(b []byte) (n node, rest []byte, err error) {
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || len(line) == 0 {
		return n, nil, fmt.Errorf("parse reply: no line in %q", b)
	}
	n = node{kind: line[0], text: string(line[1:])}
	if strings.IndexByte("$=!*~>%|", n.kind) < 0 {
		return n, rest, nil
	}
	size, err := strconv.Atoi(n.text)
	if err != nil {
		return n, nil, fmt.Errorf("parse reply: %w", err)
	}
	n.text = ""
	if size < 0 {
		n.null = true
		return n, rest, nil
	}
	if strings.IndexByte("$=!", n.kind) >= 0 {
		if len(rest) < size+2 {
			return n, nil, fmt.Errorf("parse reply: %d bytes of %d", len(rest), size)
		}
		n.text = string(rest[:size])
		return n, rest[size+2:], nil
	}
	if n.kind == '%' || n.kind == '|' {
		size *= 2
	}
	for range size {
		var item node
		if item, rest, err = parseNode(rest); err != nil {
			return n, nil, err
		}
		n.items = append(n.items, item)
	}
	return n, rest, nil
}

// String shows a reply on one line.
func (n node) String() string {
	switch {
	case n.null:
		return string(n.kind) + "nil"
	case n.kind == '$':
		return strconv.Quote(n.text)
	case n.isList():
		words := make([]string, len(n.items))
		for i, item := range n.items {
			words[i] = item.String()
		}
		return string(n.kind) + "[" + strings.Join(words, " ") + "]"
	}
	return string(n.kind) + n.text
}

func (n node) isList() bool { return strings.IndexByte("*~>%|", n.kind) >= 0 }

// each calls what for the node and all below it.
func (n *node) each(what func(n *node)) {
	what(n)
	for i := range n.items {
		n.items[i].each(what)
	}
}
