package history

// sending is what a producer knows of an event, and what became of it.
type sending struct {
	ok, unknown, invoked, refused, effects int
	last                                   int32 // of its records, -1 for none
	entries                                int   // that hold it
}

func (c *check) sending(id string) *sending {
	s := c.sent[id]
	if s == nil {
		s = &sending{last: -1}
		c.sent[id] = s
	}
	return s
}

func (c *check) addPublish(i int) {
	r, n := &c.records[i], &c.verdict.Counts
	s := c.sending(r.ID)
	switch r.Outcome {
	case OK:
		s.ok++
		n.Published++
		c.link(i)
		return
	case Fail:
		s.refused++
		n.Refused++
	case Unknown:
		s.unknown++
		n.Unknown++
	case Invoke:
		s.invoked++
	}
	c.next[i], s.last = s.last, int32(i)
}

// times is how often the event may be stored, as far as its producer knows. One that was killed knows of no outcome.
func (s *sending) times() int { return max(s.ok+s.unknown, s.invoked-s.refused) }

// checkPublishes is I5, and that nothing which is stored was reported as failed.
func (c *check) checkPublishes() {
	for i := range c.fates {
		if f := &c.fates[i]; f.id != "" && f.is() {
			c.sending(f.id).entries++
		}
	}
	told := map[string]bool{}
	for i := range c.fates {
		f := &c.fates[i]
		if f.id == "" || !f.is() || told[f.id] {
			continue
		}
		s := c.sent[f.id]
		switch times := s.times(); {
		case times == 0 && s.refused > 0:
			c.violate("I5", c.withPublishes(f, s), "its producer was told that it is not stored, and it is")
		case times == 0 && c.rules.AllSent:
			c.violate("I5", c.withPublishes(f, s), "it is stored, and nobody has sent it")
		case times > 0 && s.entries > times:
			c.violate("I5", c.withPublishes(f, s), "it was sent %d times, and is stored in %d entries", times, s.entries)
		case c.rules.Idempotent && s.entries > 1:
			c.violate("I5", c.withPublishes(f, s), "it is stored in %d entries, in spite of its key", s.entries)
		default:
			continue
		}
		told[f.id] = true
	}
	c.checkEffects()
}

// is tells whether the entry was ever seen, other than by its producer.
func (f *fate) is() bool {
	return f.stored || f.unread || f.letters > 0 || f.last >= 0
}

// checkEffects is the part of I2 about effects that are to happen once.
func (c *check) checkEffects() {
	if !c.rules.ExactlyOnce {
		return
	}
	for id, n := range c.final.Effects {
		if n > 1 {
			c.violate("I2", &entryHistory{fate: &fate{id: id}}, "it has %d committed effects", n)
		}
	}
	for id, s := range c.sent {
		if s.effects > 1 && c.final.Effects[id] <= 1 {
			c.violate("I2", &entryHistory{fate: &fate{id: id}}, "%d of its effects were committed", s.effects)
		}
	}
}

// withPublishes is the history of an entry with what its producer knows.
func (c *check) withPublishes(f *fate, s *sending) *entryHistory {
	h := c.gather(f)
	for i := s.last; i >= 0; i = c.next[i] {
		h.all = append([]*Record{&c.records[i]}, h.all...)
	}
	return h
}
