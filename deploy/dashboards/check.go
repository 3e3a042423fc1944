package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// What Grafana puts in is no PromQL: while a query is looked at, durations stand for it
// that nobody writes.
var standIns = map[string]string{"$__rate_interval": "11m11s", "$__range": "13m13s"}

// finish checks a query, and gives each of its selectors the matchers of those variables
// whose label its metric has.
func finish(expr string, metrics map[string]metric, scope []variable) (string, error) {
	for variable, standIn := range standIns {
		expr = strings.ReplaceAll(expr, variable, standIn)
	}
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("no PromQL: %w", err)
	}
	if _, err := (checker{metrics: metrics}).labels(parsed); err != nil {
		return "", err
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			err = errors.Join(err, narrow(s, metrics, scope))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	made := parser.Prettify(parsed)
	for variable, standIn := range standIns {
		made = strings.ReplaceAll(made, standIn, variable)
	}
	return made, nil
}

// narrow adds the matchers of a dashboard's variables.
func narrow(s *parser.VectorSelector, metrics map[string]metric, scope []variable) error {
	has := (checker{metrics: metrics}).of(s.Name)
	for _, v := range scope {
		if !has[v.name] || slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == v.name }) {
			continue
		}
		m, err := labels.NewMatcher(labels.MatchRegexp, v.name, "$"+v.name)
		if err != nil {
			return err
		}
		s.LabelMatchers = append(s.LabelMatchers, m)
	}
	return nil
}

// checker finds out which labels the answer to a query has.
type checker struct {
	metrics map[string]metric
	native  bool // inside of a function that takes native histograms
}

// of are the labels of a metric's series; nil of one that does not exist.
func (c checker) of(name string) set {
	base, kind := c.find(name)
	if kind == "" {
		return nil
	}
	has := set{}
	maps.Copy(has, c.metrics[base].labels)
	if !c.metrics[base].made {
		maps.Copy(has, target)
	}
	if strings.HasSuffix(name, "_bucket") {
		has["le"] = true
	}
	return has
}

// find is the metric whose series have that name, and of what kind they are.
func (c checker) find(name string) (base, kind string) {
	if m, ok := c.metrics[name]; ok && (m.kind != "histogram" || c.native) {
		return name, strings.Replace(m.kind, "histogram", "counter", 1)
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		m := c.metrics[base]
		if cut && (m.kind == "histogram" || m.kind == "summary" && suffix != "_bucket") {
			return base, "counter"
		}
	}
	return "", ""
}

// labels are those of a query's answer, or what is wrong with it.
func (c checker) labels(e parser.Expr) (set, error) {
	switch e := e.(type) {
	case *parser.NumberLiteral, *parser.StringLiteral:
		return set{}, nil
	case *parser.ParenExpr:
		return c.labels(e.Expr)
	case *parser.UnaryExpr:
		return c.labels(e.Expr)
	case *parser.MatrixSelector:
		return c.labels(e.VectorSelector)
	case *parser.SubqueryExpr:
		return c.labels(e.Expr)
	case *parser.VectorSelector:
		return c.selector(e)
	case *parser.AggregateExpr:
		return c.aggregate(e)
	case *parser.BinaryExpr:
		return c.binary(e)
	case *parser.Call:
		return c.call(e)
	}
	return nil, fmt.Errorf("%s: nobody has taught the check to look at this", e)
}

func (c checker) selector(s *parser.VectorSelector) (set, error) {
	has := c.of(s.Name)
	if has == nil {
		return nil, fmt.Errorf("there is no metric %q", s.Name)
	}
	for _, m := range s.LabelMatchers {
		if m.Name != model.MetricNameLabel && !has[m.Name] {
			return nil, fmt.Errorf("%s has no label %q, but %s", s.Name, m.Name, has.sorted())
		}
	}
	return has, nil
}

func (c checker) aggregate(a *parser.AggregateExpr) (set, error) {
	has, err := c.labels(a.Expr)
	if err != nil {
		return nil, err
	}
	for _, name := range a.Grouping {
		if !has[name] {
			return nil, fmt.Errorf("%s: nothing in it has a label %q", a, name)
		}
	}
	switch {
	case a.Op == parser.TOPK || a.Op == parser.BOTTOMK:
		return has, nil
	case !a.Without:
		return setOf(a.Grouping...), nil
	}
	for _, name := range a.Grouping {
		delete(has, name)
	}
	return has, nil
}

func (c checker) binary(b *parser.BinaryExpr) (set, error) {
	left, err := c.labels(b.LHS)
	if err != nil {
		return nil, err
	}
	right, err := c.labels(b.RHS)
	if err != nil {
		return nil, err
	}
	if b.VectorMatching != nil && b.VectorMatching.On {
		for _, name := range b.VectorMatching.MatchingLabels {
			if !left[name] || !right[name] {
				return nil, fmt.Errorf("%s: both sides need a label %q", b, name)
			}
		}
	} else if b.Op != parser.LOR && len(left) > 0 && len(right) > 0 && !maps.Equal(left, right) && b.VectorMatching != nil {
		return nil, fmt.Errorf("%s: one side has the labels %s, the other one %s, so nothing will match", b, left.sorted(), right.sorted())
	}
	if b.VectorMatching != nil {
		for _, name := range b.VectorMatching.Include {
			if !right[name] {
				return nil, fmt.Errorf("%s: the right side has no label %q to take over", b, name)
			}
			left[name] = true
		}
	}
	if b.LHS.Type() == parser.ValueTypeScalar || b.Op == parser.LOR && len(left) == 0 {
		return right, nil
	}
	return left, nil
}

// Functions that want a counter, and those that want a gauge.
var (
	ofCounters = setOf("rate", "irate", "increase", "resets")
	ofGauges   = setOf("deriv", "delta", "idelta", "predict_linear")
)

func (c checker) call(call *parser.Call) (set, error) {
	switch call.Func.Name {
	case "histogram_sum", "histogram_count", "histogram_avg":
		c.native = true
	}
	has := set{}
	for _, arg := range call.Args {
		found, err := c.labels(arg)
		if err != nil {
			return nil, err
		}
		maps.Copy(has, found)
		if m, ok := arg.(*parser.MatrixSelector); ok {
			selector, _ := m.VectorSelector.(*parser.VectorSelector)
			_, kind := c.find(selector.Name)
			if ofCounters[call.Func.Name] && kind != "counter" || ofGauges[call.Func.Name] && kind != "gauge" {
				return nil, fmt.Errorf("%s: %s is a %s", call, selector.Name, kind)
			}
		}
	}
	switch call.Func.Name {
	case "label_replace", "label_join", "absent_over_time":
		return nil, fmt.Errorf("%s: nobody has taught the check what labels it has", call)
	case "absent":
		return set{}, nil
	case "histogram_quantile":
		if !has["le"] {
			return nil, fmt.Errorf("%s: the label le is lost on the way", call)
		}
		delete(has, "le")
	}
	return has, nil
}
