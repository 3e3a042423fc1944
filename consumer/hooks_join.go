package consumer

// JoinHooks are hooks that call those of each, in their order: metrics and a
// watchdog on the same consumer.
func JoinHooks(hooks ...Hooks) Hooks {
	var all Hooks
	for _, h := range hooks {
		all = all.and(h)
	}
	return all
}

// bound are the hooks and those that Bind adds, none of them nil.
func (h Hooks) bound(c *Consumer) Hooks {
	for h.Bind != nil { // which may give another one
		bind := h.Bind
		h.Bind = nil
		h = h.and(bind(c))
	}
	return h.fill()
}

// and is both hooks in one. Where only one has a field it is called directly.
func (h Hooks) and(o Hooks) Hooks {
	bind := h.Bind
	switch {
	case bind == nil:
		bind = o.Bind
	case o.Bind != nil:
		bind = func(c *Consumer) Hooks { return h.Bind(c).and(o.Bind(c)) }
	}
	worker := h.Worker
	switch {
	case worker == nil:
		worker = o.Worker
	case o.Worker != nil:
		worker = func() WorkerHooks { return h.Worker().and(o.Worker()) }
	}
	return Hooks{
		Bind:          bind,
		Taken:         both4(h.Taken, o.Taken),
		Started:       both1(h.Started, o.Started),
		Handled:       both3(h.Handled, o.Handled),
		Settled:       both3(h.Settled, o.Settled),
		Worker:        worker,
		Acked:         both2(h.Acked, o.Acked),
		AckSent:       both3(h.AckSent, o.AckSent),
		AckMissed:     both2(h.AckMissed, o.AckMissed),
		PayloadLost:   both2(h.PayloadLost, o.PayloadLost),
		Waiting:       both2(h.Waiting, o.Waiting),
		Error:         both3(h.Error, o.Error),
		Answered:      both1(h.Answered, o.Answered),
		GroupRestored: both1(h.GroupRestored, o.GroupRestored),
		Beat:          both2(h.Beat, o.Beat),
	}
}

// and is both hooks in one.
func (w WorkerHooks) and(o WorkerHooks) WorkerHooks {
	return WorkerHooks{Started: both1(w.Started, o.Started), Handled: both3(w.Handled, o.Handled), Idle: both0(w.Idle, o.Idle)}
}

func both0(f, g func()) func() {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func() { f(); g() }
}

func both1[A any](f, g func(A)) func(A) {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func(a A) { f(a); g(a) }
}

func both2[A, B any](f, g func(A, B)) func(A, B) {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func(a A, b B) { f(a, b); g(a, b) }
}

func both3[A, B, C any](f, g func(A, B, C)) func(A, B, C) {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func(a A, b B, c C) { f(a, b, c); g(a, b, c) }
}

func both4[A, B, C, D any](f, g func(A, B, C, D)) func(A, B, C, D) {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func(a A, b B, c C, d D) { f(a, b, c, d); g(a, b, c, d) }
}
