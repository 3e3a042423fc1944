// Package needs says what a fault asks of the machine: root, a tool, a compiler. A fault that the machine cannot do ends with an
// error that wraps ErrUnavailable and names what is missing, so that a run can leave it out loudly and go on with the others.
//
//	network, err := network.NewSegment(ctx)
//	if errors.Is(err, needs.ErrUnavailable) {
//		log.Printf("left out: %v", err)
//	}
package needs
