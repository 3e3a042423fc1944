package embedded

// A Session is one client's connection without a network. One goroutine at a
// time may call Do; Close may be called beside it.
type Session struct{ conn *conn }

// Open connects a client. Clients have the IDs 1, 2, 3 ... in the order in
// which they came.
func (b *Broker) Open() *Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Session{b.newConn(nil)}
}

// ID is what CLIENT ID answers.
func (s *Session) ID() int64 { return s.conn.id }

// Do carries out one command, its name and its arguments, and returns the
// reply as Redis sends it: in RESP2, and in RESP3 after HELLO 3. It blocks
// for XREAD and XREADGROUP with BLOCK only, as Redis does. It is nil when the
// session has ended: by Close, QUIT, Reset, Restore or the broker's Close.
//
// Do makes no goroutine, and channels and timers in its own only, so that it
// can be used inside a testing/synctest bubble while the broker is older than
// the bubble. The arguments are kept: they may not be changed afterwards.
func (s *Session) Do(args []string) []byte {
	return s.AppendDo(nil, args)
}

// AppendDo is Do that appends to buf. It returns nil when the session has ended.
func (s *Session) AppendDo(buf []byte, args []string) []byte {
	if len(args) == 0 {
		return nil
	}
	return s.conn.encode(buf, s.conn.b.answer(s.conn, args[0], args[1:]))
}

// encode is nil when there is nobody to answer.
func (cn *conn) encode(buf []byte, answer any) []byte {
	if _, cut := answer.(hungUp); cut {
		return nil
	}
	return appendReply(buf, answer, cn.resp3)
}

// Begin is Do that does not wait: when the command blocks, the reply comes
// from blocked, which is nil otherwise.
func (s *Session) Begin(args []string) (reply []byte, blocked *Blocked) {
	if len(args) == 0 {
		return nil, nil
	}
	answer := s.conn.b.step(s.conn, args[0], args[1:])
	if w, ok := answer.(*waiter); ok {
		return nil, &Blocked{w}
	}
	return s.conn.encode(nil, answer), nil
}

// A Blocked is a command that waits.
type Blocked struct{ w *waiter }

// Poll returns the reply when it is there. It must not be asked again then.
func (b *Blocked) Poll() (reply []byte, done bool) {
	select {
	case answer := <-b.w.result:
		return b.w.client.encode(nil, answer), true
	default:
		return nil, false
	}
}

// Wait waits for the reply, as long as the command said and counted from now.
func (b *Blocked) Wait() []byte { return b.w.client.encode(nil, b.w.wait()) }

// Close hangs up. A Do that blocks returns nil, and what comes later is left
// for others. Closing again does nothing.
func (s *Session) Close() {
	s.conn.b.mu.Lock()
	defer s.conn.b.mu.Unlock()
	s.conn.cut()
}

// cut ends a session. The caller holds b.mu.
func (cn *conn) cut() {
	cn.hangUp()
	if cn.blocked != nil {
		cn.blocked.finish(hungUp{})
	}
}
