package main

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	statpanel "github.com/grafana/grafana-foundation-sdk/go/stat"
	tablepanel "github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// builder is the panel as the SDK builds it.
func (p *panel) builder() cog.Builder[dashboard.Panel] {
	switch p.kind {
	case stat:
		return p.stat()
	case heat:
		return p.heat()
	case table:
		return p.table()
	case graph:
	}
	return p.graph()
}

// target is the nth query.
func (p *panel) target(i int) *prometheus.DataqueryBuilder {
	q := prometheus.NewDataqueryBuilder().Expr(p.queries[i].expr).RefId(letter(i)).Datasource(prometheusSource()).
		EditorMode(prometheus.QueryEditorModeCode)
	if p.queries[i].legend != "" && p.kind != table {
		q.LegendFormat(p.queries[i].legend)
	}
	switch p.kind {
	case table:
		return q.Instant().Format(prometheus.PromQueryFormatTable)
	case heat:
		return q.Range().Format(prometheus.PromQueryFormatHeatmap)
	case stat, graph:
	}
	return q.Range().Exemplar(p.exemplars)
}

// letter is the nth query's name: A, B, ...
func letter(i int) string { return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i : i+1] }

// thresholds are the steps, from a colour for everything below the first.
func thresholds(steps []step) *dashboard.ThresholdsConfigBuilder {
	base := green
	if len(steps) == 1 && steps[0].color == green {
		base = red // what is wanted is green
	}
	list := []dashboard.Threshold{{Color: base}}
	for _, s := range steps {
		list = append(list, dashboard.Threshold{Value: cog.ToPtr(s.from), Color: s.color})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(list)
}

// links lead to the runbooks.
func (p *panel) links() []cog.Builder[dashboard.DashboardLink] {
	var links []cog.Builder[dashboard.DashboardLink]
	for _, name := range p.runbooks {
		links = append(links, dashboard.NewDashboardLinkBuilder("Runbook "+name).Type(dashboard.DashboardLinkTypeLink).
			Url(runbooks+name+".md").TargetBlank(true))
	}
	return links
}

func (p *panel) stat() cog.Builder[dashboard.Panel] {
	b := statpanel.NewPanelBuilder().Title(p.title).Description(p.why).Datasource(prometheusSource()).Links(p.links()).
		Span(p.width).Height(p.height).Unit(p.unit).Thresholds(thresholds(p.steps)).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Values(false)).
		GraphMode(common.BigValueGraphModeArea).ColorMode(common.BigValueColorModeBackground).NoValue("-")
	if p.text {
		b.TextMode(common.BigValueTextModeName).GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeNone)
	} else if len(p.steps) == 0 {
		b.ColorMode(common.BigValueColorModeNone)
	}
	for i := range p.queries {
		b.WithTarget(p.target(i))
	}
	return b
}

func (p *panel) graph() cog.Builder[dashboard.Panel] {
	b := timeseries.NewPanelBuilder().Title(p.title).Description(p.why).Datasource(prometheusSource()).Links(p.links()).
		Span(p.width).Height(p.height).Unit(p.unit).Min(0).LineWidth(1).FillOpacity(10).ShowPoints(common.VisibilityModeAuto).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementBottom).Calcs([]string{"lastNotNull", "max"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.top != nil {
		b.Max(*p.top)
	}
	if p.stacked {
		b.Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A")).FillOpacity(40)
	}
	if len(p.steps) > 0 {
		b.Thresholds(thresholds(p.steps)).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	for i := range p.queries {
		b.WithTarget(p.target(i))
	}
	return b
}

func (p *panel) heat() cog.Builder[dashboard.Panel] {
	return heatmap.NewPanelBuilder().Title(p.title).Description(p.why).Datasource(prometheusSource()).Links(p.links()).
		Span(p.width).Height(p.height).Calculate(false).ShowLegend().
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(p.unit)).
		Color(heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Oranges").Steps(64).Exponent(0.5)).
		WithTarget(p.target(0))
}

// table joins the queries by their labels: a row for each series, and a column for each query, which Grafana calls
// "Value #A", "Value #B" and so on.
func (p *panel) table() cog.Builder[dashboard.Panel] {
	b := tablepanel.NewPanelBuilder().Title(p.title).Description(p.why).Datasource(prometheusSource()).Links(p.links()).
		Span(p.width).Height(p.height).Filterable(true).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	names := map[string]string{}
	for i, q := range p.queries {
		value := "Value"
		if len(p.queries) > 1 {
			value = "Value #" + letter(i)
		}
		names[value] = q.legend
		b.WithTarget(p.target(i))
		b.OverrideByName(q.legend, cell(q))
	}
	b.WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": map[string]bool{"Time": true, "__name__": true}, "renameByName": names, "indexByName": map[string]int{},
	}})
	if p.link.column != "" {
		// Where there is no Kubernetes a row has no namespace, so what is chosen above is handed over.
		url := "/d/" + p.link.uid + "?${__url_time_range}&${datasource:queryparam}&${namespace:queryparam}"
		for _, l := range p.link.labels {
			url += fmt.Sprintf("&var-%s=${__data.fields.%s:percentencode}", l, l)
		}
		b.OverrideByName(p.link.column, []dashboard.DynamicConfigValue{
			{Id: "links", Value: []map[string]any{{"title": "Open " + strings.TrimPrefix(p.link.uid, "leat-"), "url": url}}},
		})
	}
	return b
}

// cell is how a table's column looks.
func cell(q query) []dashboard.DynamicConfigValue {
	look := []dashboard.DynamicConfigValue{{Id: "unit", Value: q.unit}}
	if len(q.steps) == 0 {
		return look
	}
	steps := []map[string]any{{"color": "transparent", "value": nil}}
	for _, s := range q.steps {
		steps = append(steps, map[string]any{"color": s.color, "value": s.from})
	}
	return append(look,
		dashboard.DynamicConfigValue{Id: "thresholds", Value: map[string]any{"mode": "absolute", "steps": steps}},
		dashboard.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]any{"type": "color-background"}})
}
