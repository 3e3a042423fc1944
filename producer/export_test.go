package producer

// Lanes is how many streams the producer remembers.
func Lanes(p *Producer) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lanes)
}

// Flights is how many pipelines of Send are on their way.
func Flights(p *Producer) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.flights)
}

// Release decides whether memory is kept.
var Release = release
