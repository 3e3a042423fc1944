package poll

// JoinHooks are hooks that call those of each, in their order: metrics and a
// watchdog of the same poller.
func JoinHooks(hooks ...Hooks) Hooks {
	var all Hooks
	for _, h := range hooks {
		all = all.and(h)
	}
	return all
}

// and is both hooks in one, with nil where both are nil.
func (h Hooks) and(o Hooks) Hooks {
	return Hooks{
		Started:    both3(h.Started, o.Started),
		Beat:       both2(h.Beat, o.Beat),
		Leased:     both2(h.Leased, o.Leased),
		Chosen:     both2(h.Chosen, o.Chosen),
		Leading:    both2(h.Leading, o.Leading),
		Requested:  both2(h.Requested, o.Requested),
		Page:       both2(h.Page, o.Page),
		Discovered: both3(h.Discovered, o.Discovered),
		Duplicates: both3(h.Duplicates, o.Duplicates),
		PassedOver: both3(h.PassedOver, o.PassedOver),
		Published:  both4(h.Published, o.Published),
		Lag:        both3(h.Lag, o.Lag),
		Passed:     both2(h.Passed, o.Passed),
		Watermark:  both2(h.Watermark, o.Watermark),
		Stands:     both2(h.Stands, o.Stands),
		Counted:    both2(h.Counted, o.Counted),
		Bad:        both2(h.Bad, o.Bad),
	}
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
