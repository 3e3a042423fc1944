package bare_test

import (
	"context"
	"fmt"
	"log"

	"github.com/leat-io/leat/internal/bare"
	"github.com/leat-io/leat/internal/embedded"
)

// The limit is measured by adding a backlog and working it off.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	broker, err := embedded.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	c, err := bare.Dial(ctx, bare.Config{Addr: broker.Addr()})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do(ctx, "XGROUP", "CREATE", "orders", "billing", "0", "MKSTREAM"); err != nil {
		log.Fatal(err)
	}

	err = c.Publish(ctx, bare.Publishing{Key: "orders", N: 2_000, Pairs: 1, Fields: func(dst []byte, _ int) []byte {
		return bare.AppendPair(dst, "data", "200 bytes")
	}})
	fmt.Println("published:", err)

	seen := 0
	handled, acked, err := c.Consume(ctx, bare.Consuming{Key: "orders", Group: "billing", Consumer: "one", Handle: func(e *bare.Entry) {
		if seen++; seen == 1 {
			fmt.Printf("first: %s\n", e.Value("data"))
		}
		if seen == 2_000 {
			cancel() // what was read is acknowledged all the same
		}
	}})
	fmt.Println("consumed:", handled, acked, err)
	// Output:
	// published: <nil>
	// first: 200 bytes
	// consumed: 2000 2000 <nil>
}
