package stac

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	// firstBuffer is what is believed of a Content-Length before anything came.
	firstBuffer = 4 << 20
	// maxRatio is how much longer than its gzip an answer may be, once it is longer
	// than freeRatio: JSON of items comes to 30, and the most that gzip can do is
	// 1,030.
	maxRatio  = 300
	freeRatio = 4 << 20
)

// unpacked is what can be read of an answer's body, decompressed, and how many
// bytes of it came; zipped tells whether these differ.
func unpacked(resp *http.Response) (body io.Reader, came *counter, zipped bool, err error) {
	came = &counter{r: resp.Body}
	switch encoding := strings.ToLower(strings.TrimSpace(strings.Join(resp.Header.Values("Content-Encoding"), ","))); encoding {
	case "", "identity":
		return came, came, false, nil
	case "gzip", "x-gzip":
		unzip, err := gzip.NewReader(came)
		if err != nil {
			return nil, nil, true, fmt.Errorf("decompress the answer: %w", err)
		}
		return unzip, came, true, nil
	default:
		return nil, nil, false, &RefusedError{URL: safeURL(resp.Request.URL), Reason: fmt.Sprintf("content-encoding %.40q, which was not asked for", encoding)}
	}
}

// quoteBody is the beginning of a body, for an error.
func quoteBody(resp *http.Response) []byte {
	body, _, _, err := unpacked(resp)
	if err != nil {
		return nil
	}
	quote, _ := io.ReadAll(io.LimitReader(body, quoteLimit))
	return quote
}

// readBody reads an answer's body, decompressed, and refuses one that is too long
// before it is in memory.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	refuse := func(format string, args ...any) ([]byte, error) {
		return nil, &RefusedError{URL: safeURL(resp.Request.URL), Reason: fmt.Sprintf(format, args...)}
	}
	if resp.ContentLength > int64(limit) {
		return refuse("the answer has %d bytes, and MaxBody is %d", resp.ContentLength, limit)
	}
	body, came, zipped, err := unpacked(resp)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, min(max(resp.ContentLength, 0), firstBuffer)+bytes.MinRead))
	for {
		_, err := io.CopyN(out, body, 1<<20)
		switch {
		case out.Len() > limit:
			return refuse("the answer is longer than MaxBody, %d bytes, after decompression", limit)
		case zipped && out.Len() > freeRatio && int64(out.Len()) > maxRatio*came.n:
			return refuse("%d bytes of gzip became %d: it is a decompression bomb", came.n, out.Len())
		case errors.Is(err, io.EOF):
			return out.Bytes(), nil
		case err != nil:
			return nil, fmt.Errorf("read the answer: %w", err)
		}
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
