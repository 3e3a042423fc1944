package poll

import (
	"errors"
	"fmt"
	"strings"

	"github.com/leat-io/leat/stac"
)

// Strategy is how the items that are new, or changed, are found.
type Strategy uint8

const (
	// Auto takes what a probe of the server allows.
	Auto Strategy = iota
	// Updated asks for what was changed since a watermark on properties.updated,
	// less an overlap. For servers whose items have it and that filter by it.
	Updated
	// Rescan asks for the items taken in the last days, again and again, and
	// publishes what it has not seen: the fallback.
	Rescan
	// Reconcile reads all of it, day by day. It finds what the others cannot: old
	// items that come late, and deletions. For static catalogs, where unchanged
	// nodes cost next to nothing, it is the one that is chosen.
	Reconcile
)

var strategies = [...]string{"auto", "updated", "rescan", "reconcile"}

// String is auto, updated, rescan or reconcile.
func (s Strategy) String() string {
	if int(s) < len(strategies) {
		return strategies[s]
	}
	return fmt.Sprintf("Strategy(%d)", uint8(s))
}

// Set reads what String writes.
func (s *Strategy) Set(text string) error {
	for i, name := range strategies {
		if text == name {
			*s = Strategy(i)
			return nil
		}
	}
	return fmt.Errorf("strategy is %.40q, want %s", text, strings.Join(strategies[:], ", "))
}

// Type is what help calls the value.
func (s *Strategy) Type() string { return strings.Join(strategies[:], "|") }

// MarshalText makes it a string in JSON.
func (s Strategy) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is Set.
func (s *Strategy) UnmarshalText(text []byte) error { return s.Set(string(text)) }

// Plan is how a source is polled, and why.
type Plan struct {
	// Strategy is never Auto.
	Strategy Strategy `json:"strategy"`
	// Reason is a sentence or two.
	Reason string `json:"reason"`
	// Kind is what the server is: catalog, features or search.
	Kind string `json:"kind"`
	// Grammar is how times are compared in filters: timestamp, string, query or none.
	Grammar string `json:"grammar"`
	// Distrust: pages of the server end early, so that whatever has no count is
	// asked for again in parts.
	Distrust bool `json:"distrust"`
}

// Choose is the plan for a server of which a probe found these facts. An error
// wraps [ErrStrategy]: what is wanted cannot be done.
func Choose(facts *stac.Facts, wanted Strategy) (Plan, error) {
	plan := Plan{Strategy: wanted, Kind: facts.Kind.String(), Grammar: facts.Grammar.String(), Distrust: !facts.NextSane && facts.Kind != stac.KindCatalog}
	why := againstUpdated(facts)
	switch {
	case wanted == Updated && why != nil:
		return Plan{}, fmt.Errorf("%w: strategy updated: %w", ErrStrategy, why)
	case wanted == Rescan && facts.Kind == stac.KindCatalog:
		return Plan{}, fmt.Errorf("%w: strategy rescan: a static catalog cannot be asked for a part of time; take reconcile", ErrStrategy)
	case wanted != Auto:
		plan.Reason = "asked for"
	case facts.Kind == stac.KindCatalog:
		plan.Strategy, plan.Reason = Reconcile, "it is a static catalog: each pass reads all of it, and what has not changed is not sent again"
	case why == nil:
		plan.Strategy = Updated
		plan.Reason = fmt.Sprintf("all of %d sampled items have updated, and the server filters by it (%s literals)", facts.Sample, facts.Grammar)
	default:
		plan.Strategy, plan.Reason = Rescan, why.Error()
	}
	return plan, nil
}

// againstUpdated is why a watermark on updated would miss items.
func againstUpdated(facts *stac.Facts) error {
	switch {
	case facts.Kind == stac.KindCatalog:
		return errors.New("it is a static catalog, which cannot be asked")
	case facts.Kind == stac.KindFeatures:
		return errors.New("it has no search, so that nothing can be asked about updated")
	case facts.Sample == 0:
		return errors.New("it has no items yet that would show whether they have updated")
	case facts.WithUpdated < facts.Sample:
		return fmt.Errorf("only %d of %d sampled items have updated", facts.WithUpdated, facts.Sample)
	case facts.Grammar == stac.GrammarNone:
		return fmt.Errorf("items have updated, but the server does not filter by it%s", trials(facts))
	}
	return nil
}

// trials are the words of the probe about filters by updated that failed.
func trials(facts *stac.Facts) string {
	var said []string
	for _, t := range facts.Trials {
		if !t.OK && strings.HasPrefix(t.What, "updated") && t.Detail != "" {
			said = append(said, t.What+": "+t.Detail)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return " (" + strings.Join(said, "; ") + ")"
}

// distrusting is the source's query as the plan has it.
func (p *Plan) query(q stac.Query) stac.Query {
	q.Distrust = q.Distrust || p.Distrust
	q.Grammar, _ = stac.ParseGrammar(p.Grammar)
	return q
}
