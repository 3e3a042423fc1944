package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/webhook"
	"github.com/leat-io/leat/stream"
)

// A receiver that takes one event and refuses the next: the first is
// acknowledged, the other a dead letter.
func ExampleNew() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		fmt.Println(r.Header.Get("ce-type"), r.Header.Get("ce-subject"), string(data))
		if r.Header.Get("ce-subject") != "S2A" {
			http.Error(w, "unknown satellite", http.StatusUnprocessableEntity)
		}
	}))
	defer receiver.Close()

	sink, err := webhook.New(webhook.Config{URL: receiver.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sink.Close()

	// consumer.New(conn, sink.Handle, ...) does this for each entry.
	for _, subject := range []string{"S2A", "S9Z"} {
		d := stream.NewDelivery("items", stream.ID{Ms: 1}, stream.Fields{
			{Name: []byte("specversion"), Value: []byte("1.0")},
			{Name: []byte("id"), Value: []byte("1")},
			{Name: []byte("source"), Value: []byte("/demo")},
			{Name: []byte("type"), Value: []byte("stac.item.created")},
			{Name: []byte("subject"), Value: []byte(subject)},
			{Name: []byte("data"), Value: []byte(`{"cloud": 3}`)},
		})
		err := sink.Handle(context.Background(), d)
		fmt.Println(err == nil, consumer.IsPermanent(err))
	}
	// Output:
	// stac.item.created S2A {"cloud": 3}
	// true false
	// stac.item.created S9Z {"cloud": 3}
	// false true
}
