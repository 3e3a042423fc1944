package report

import "strings"

// writeMachine says where and when.
func (r *report) writeMachine(p *page) {
	m := r.run.Machine
	p.heading("Machine")
	p.list([]string{
		"Began " + r.run.Began.UTC().Format("2006-01-02 15:04 UTC") + ", took " + lasted(r.run.Took) + ", commit " + known(shortCommit(r.run.Commit)),
		known(m.CPU) + ", " + plural(m.Cores, "core", "cores") + ", " + bytes(float64(m.Memory)) + " of memory",
		"Redis " + known(m.Redis) + ", Go " + known(strings.TrimPrefix(m.Go, "go")) + ", kernel " + known(m.Kernel),
		"Load average before the run: " + known(m.LoadAvg),
	})
}

// writeContenders says which versions ran, and how they were set up.
func (r *report) writeContenders(p *page) {
	p.heading("Contenders")
	var rows [][]string
	for _, c := range r.contenders {
		rows = append(rows, []string{strong(c.Name), known(shortCommit(c.Version)), known(c.Module), known(c.Settings)})
	}
	p.table([]string{"contender", "version", "module", "settings"}, rows)
}

// shortCommit leaves of a commit what is enough to find it.
func shortCommit(version string) string {
	const whole, enough = 40, 12
	hex := strings.IndexFunc(version, func(c rune) bool { return !strings.ContainsRune("0123456789abcdef", c) })
	if hex < 0 {
		hex = len(version)
	}
	if hex != whole {
		return version
	}
	return version[:enough] + version[whole:]
}

func known(text string) string {
	if text == "" {
		return "-"
	}
	return plain(text)
}
