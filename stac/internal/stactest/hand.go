package stactest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// HandItem is what a loop written by hand takes of an item.
type HandItem struct {
	ID         string `json:"id"`
	Collection string `json:"collection"`
	Links      []struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	} `json:"links"`
	Properties struct {
		Datetime *time.Time `json:"datetime"`
		Updated  *time.Time `json:"updated"`
	} `json:"properties"`
}

// Self is the item's URL.
func (i *HandItem) Self() string {
	for _, l := range i.Links {
		if l.Rel == "self" {
			return l.Href
		}
	}
	return ""
}

// handPage is a page as the loop decodes it.
type handPage struct {
	Features []HandItem `json:"features"`
	Links    []struct {
		Rel  string          `json:"rel"`
		Body json.RawMessage `json:"body"`
	} `json:"links"`
}

// HandPages is the best loop over the pages of a search that can be written with net/http and encoding/json alone: one connection
// that stays, one buffer and one slice for all pages, and types that name only what is wanted. Nothing is kept, checked or tried
// again. Streams of encoding/json (json.Decoder) are slower: they look for the end of the value first, in a buffer that grows.
func HandPages(ctx context.Context, url string, each func([]HandItem) error) error {
	var raw bytes.Buffer
	var page handPage
	for body := []byte(`{"limit":250}`); body != nil; {
		if err := post(ctx, url, body, &raw); err != nil {
			return err
		}
		clear(page.Features[:cap(page.Features)]) // what a slice had before is decoded over
		page.Features, page.Links = page.Features[:0], nil
		if err := json.Unmarshal(raw.Bytes(), &page); err != nil {
			return err
		}
		if err := each(page.Features); err != nil {
			return err
		}
		body = nil
		for _, l := range page.Links {
			if l.Rel == "next" {
				body = l.Body
			}
		}
	}
	return nil
}

func post(ctx context.Context, url string, body []byte, into *bytes.Buffer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", req.Method, url, resp.Status)
	}
	into.Reset()
	into.Grow(int(max(resp.ContentLength, 0)) + bytes.MinRead)
	_, err = into.ReadFrom(resp.Body)
	return err
}
