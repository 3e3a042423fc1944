// Package network breaks what is between a client and redis-server, in three ways.
//
// # Toxiproxy: a line that is slow, silent or down
//
// A proxy of toxiproxy (pinned in tools/go.mod, built on first use) stands before a server. A toxic works on requests, replies or
// both; with one on the replies alone, commands are carried out and nobody is told.
//
//	toxiproxy, err := network.StartToxiproxy(ctx)
//	defer toxiproxy.Close()
//	proxy, err := toxiproxy.Proxy(ctx, s.Addr())
//	conn, err := stream.Dial(ctx, "redis://"+proxy.Addr())
//
//	err = proxy.Add(ctx, network.Latency(network.Both, 50*time.Millisecond, 20*time.Millisecond))
//	err = proxy.Add(ctx, network.BlackHole(network.Replies)) // requests arrive, replies do not
//	err = proxy.Clear(ctx)
//	err = proxy.Down(ctx) // refuses connections, ends those that there are
//
// # Tap: exactly this reply
//
// A Tap is a proxy of ours that knows where a reply begins and ends. It loses or cuts one reply after the command was carried out,
// by the command's name, by number, or by a seed: the same seed does the same to the n-th reply of the n-th connection.
//
//	tap, err := network.NewTap(s.Addr())
//	defer tap.Close()
//	tap.Plan(network.Nth("xadd", 3, network.Lose()))           // the third XADD is stored, and its connection ends
//	tap.Plan(network.Nth("xreadgroup", 1, network.Cut(10)))    // ten bytes of the reply come, then the connection ends
//	tap.Plan(network.Random(seed, 0.01, network.Lose(), network.Hang(), network.Late(time.Second)))
//	tap.Delay(network.Replies, 100*time.Millisecond)
//
// # Segment: cables that can be pulled
//
// A Segment is a bridge with hosts, each a network namespace of its own, on Linux and as root. Packets to and from a host can be
// dropped one way or both, or answered with a reset. Connections do not end by that: they are half open until somebody finds out.
//
//	segment, err := network.NewSegment(ctx)
//	defer segment.Close()
//	host, err := segment.NewHost(ctx)
//	worker := host.Command(ctx, os.Args[0], "worker") // a process in there; it reaches this machine at segment.Addr()
//	conn, err := host.DialContext(ctx, "tcp", net.JoinHostPort(segment.Addr(), port)) // or a connection of this process
//
//	err = host.DropIn(ctx)    // what the host sends arrives, what comes to it is lost
//	err = host.Partition(ctx) // both are lost, and nobody is told
//	err = host.Reject(ctx)    // a reset for who sends
//	err = host.Heal(ctx)
//
// Segments need ip and iptables (scripts/install-network.sh) and the right to make network namespaces; without them NewSegment's
// error wraps ErrUnavailable, and the tests here are skipped, as they are in containers that forbid it. What a killed process has
// left, processes in its namespaces included, the next NewSegment removes.
package network
