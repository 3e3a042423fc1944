//go:build unix

package command_test

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/sink/command"
	"github.com/leat-io/leat/stream"
)

// A script that refuses what is no JSON object.
func ExampleNew() {
	handle, err := command.New(command.Config{Command: []string{"sh", "-c", `
		read -r data
		case $data in
		{*) exit 0 ;;
		*) echo "$LEAT_TYPE: want an object" >&2; exit 65 ;;
		esac`}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// consumer.New(conn, handle, ...) does this for each entry.
	for _, data := range []string{`{"cloud": 3}`, `nonsense`} {
		d := stream.NewDelivery("items", stream.ID{Ms: 1}, stream.Fields{
			{Name: []byte("specversion"), Value: []byte("1.0")},
			{Name: []byte("id"), Value: []byte("1")},
			{Name: []byte("source"), Value: []byte("/demo")},
			{Name: []byte("type"), Value: []byte("stac.item.created")},
			{Name: []byte("data"), Value: []byte(data)},
		})
		err := handle(context.Background(), d)
		fmt.Println(err, consumer.IsPermanent(err))
	}
	// Output:
	// <nil> false
	// run sh: exit status 65: stac.item.created: want an object true
}
