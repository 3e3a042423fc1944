package otlp

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

const protobuf = "application/x-protobuf"

// mostAnswer bounds what is read of an answer, and mostWords what is told of it.
const (
	mostAnswer = 64 << 10
	mostWords  = 200
)

// judge reads an answer: nil when all spans were taken. With an error comes how long the
// collector wants to be left alone, or never when another try would not help.
func judge(resp *http.Response) (wait time.Duration, err error) {
	// To the end, so that the connection is used again. Where it breaks the status says enough.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	readable := resp.Header.Get("Content-Type") == protobuf
	switch {
	case resp.StatusCode/100 == 2 && readable:
		return never, partial(body)
	case resp.StatusCode/100 == 2:
		return never, nil
	case readable: // a google.rpc.Status, whose field 2 is the message
		status, _ := parse(body)
		body = status[2].bytes
	}
	return pauseAfter(resp), refusal(resp, string(body))
}

// pauseAfter is when to try again, by the statuses of the specification.
func pauseAfter(resp *http.Response) time.Duration {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return retryAfter(resp.Header)
	}
	return never
}

// retryAfter is the pause that an answer asks for, in seconds or until a date; 0 for none.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), math.MaxInt32)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

func refusal(resp *http.Response, words string) error {
	if words = shorten(words); words == "" {
		return fmt.Errorf("the collector answers %s", resp.Status)
	}
	return fmt.Errorf("the collector answers %s: %s", resp.Status, words)
}

func shorten(words string) string {
	words = strings.Join(strings.Fields(strings.ToValidUTF8(words, "")), " ")
	if len(words) > mostWords {
		words = strings.ToValidUTF8(words[:mostWords], "") + "..."
	}
	return words
}

// partial is what an ExportTraceServiceResponse says of spans that were not taken, in its
// field 1: rejected_spans and error_message. They are not to be sent again.
func partial(body []byte) error {
	answer, err := parse(body)
	if err != nil {
		return fmt.Errorf("the collector's answer: %w", err)
	}
	said, err := parse(answer[1].bytes)
	if err != nil {
		return fmt.Errorf("the collector's answer: %w", err)
	}
	rejected, words := said[1].number, shorten(string(said[2].bytes))
	switch {
	case rejected > 0:
		return fmt.Errorf("the collector has left %d spans out: %s", rejected, words)
	case words != "":
		return fmt.Errorf("the collector has taken all spans, and warns: %s", words)
	}
	return nil
}

// value is one of a field of a protobuf message: a number, or bytes.
type value struct {
	number uint64
	bytes  []byte
}

// parse is the last value of each field of a message. Two fields of two small messages are
// all that is wanted of answers, which saves their generated packages.
func parse(message []byte) (map[protowire.Number]value, error) {
	out := map[protowire.Number]value{}
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return out, protowire.ParseError(n)
		}
		message = message[n:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return out, protowire.ParseError(n)
		}
		out[field] = v
		message = message[n:]
	}
	return out, nil
}
