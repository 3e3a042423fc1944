package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// board is a dashboard.
type board struct {
	uid, title, about string
	scope             []variable
	sections          []section
}

// section is a row of a dashboard with what is below it.
type section struct {
	title  string
	panels []*panel
}

// variable is a choice at the top of a dashboard: the values of a label, which its
// queries are narrowed to.
type variable struct {
	name   string // also of the label
	label  string
	metric string // whose label it is
	one    bool   // one value, not many
}

// Where Prometheus finds things. A Prometheus outside of Kubernetes has no namespace:
// All, which is the default, matches that too.
var (
	namespace = variable{name: "namespace", label: "Namespace", metric: "leat_build_info"}
	job       = variable{name: "job", label: "Job", metric: "leat_build_info"}
)

const (
	all      = ".*" // the value of All: also where there is no such label
	tag      = "leat"
	runbooks = "https://github.com/leat-io/leat/blob/main/docs/runbooks/"
)

// prometheusSource is the data source that was chosen at the top.
func prometheusSource() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}
}

// json is the dashboard as Grafana reads it.
func (b *board) json(metrics map[string]metric) ([]byte, error) {
	made := dashboard.NewDashboardBuilder(b.title).Uid(b.uid).Description(b.about).Tags([]string{tag}).
		Time("now-1h", "now").Refresh("30s").Timezone("browser").Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("leat").Type(dashboard.DashboardLinkTypeDashboards).Tags([]string{tag}).
			KeepTime(true).IncludeVars(true)).
		Link(dashboard.NewDashboardLinkBuilder("Runbooks").Type(dashboard.DashboardLinkTypeLink).Url(runbooks + "README.md").TargetBlank(true))
	made.WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus"))
	var errs []error
	for i, v := range b.scope {
		q, err := v.query(metrics, b.scope[:i])
		errs = append(errs, b.wrong("variable "+v.name, err))
		made.WithVariable(v.choice(q))
	}
	for _, s := range b.sections {
		made.WithRow(dashboard.NewRowBuilder(s.title))
		for _, p := range s.panels {
			for i := range p.queries {
				expr, err := finish(p.queries[i].expr, metrics, b.scope)
				errs = append(errs, b.wrong("panel "+p.title+": "+p.queries[i].expr, err))
				p.queries[i].expr = expr
			}
			made.WithPanel(p.builder())
		}
	}
	began, err := finish(restarts, metrics, b.scope)
	errs = append(errs, b.wrong("annotation "+restarts, err))
	made.Annotation(dashboard.NewAnnotationQueryBuilder().Name("Starts").Datasource(prometheusSource()).Expr(began).IconColor("blue").Hide(false))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return b.encode(made)
}

// restarts marks programs that have just begun; Grafana looks at it once a minute.
const restarts = `time() - process_start_time_seconds < 60`

// wrong says where an error is.
func (b *board) wrong(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("dashboard %s, %s: %w", b.uid, where, err)
}

// query lists a variable's values among those that the variables before it leave.
func (v *variable) query(metrics map[string]metric, before []variable) (string, error) {
	if !(checker{metrics: metrics}).of(v.metric)[v.name] {
		return "", fmt.Errorf("%s has no label %s", v.metric, v.name)
	}
	selector, err := finish(v.metric, metrics, before)
	return fmt.Sprintf("label_values(%s, %s)", selector, v.name), err
}

func (v *variable) choice(q string) *dashboard.QueryVariableBuilder {
	made := dashboard.NewQueryVariableBuilder(v.name).Label(v.label).Datasource(prometheusSource()).
		Query(dashboard.StringOrMap{Map: map[string]any{"query": q, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 1}}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortNaturalAsc)
	if v.one {
		return made
	}
	everything := dashboard.StringOrArrayOfString{String: cog.ToPtr("$__all")}
	return made.Multi(true).IncludeAll(true).AllValue(all).
		Current(dashboard.VariableOption{Selected: cog.ToPtr(true), Text: dashboard.StringOrArrayOfString{String: cog.ToPtr("All")}, Value: everything})
}

// encode numbers the panels, and writes what the builders cannot say.
func (b *board) encode(made *dashboard.DashboardBuilder) ([]byte, error) {
	d, err := made.Build()
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.uid, err)
	}
	for i, p := range d.Panels {
		id := cog.ToPtr(uint32(i + 1))
		if p.Panel != nil {
			p.Panel.Id = id
		} else {
			p.RowPanel.Id = *id
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.uid, err)
	}
	var free map[string]any
	if err := json.Unmarshal(text, &free); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.uid, err)
	}
	if err := title(free); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.uid, err)
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	err = to.Encode(free)
	return out.Bytes(), err
}

// title says what an annotation is called; the builder has no place for it.
func title(free map[string]any) error {
	annotations, _ := free["annotations"].(map[string]any)
	list, _ := annotations["list"].([]any)
	if len(list) != 1 {
		return errors.New("the annotation is not where it should be")
	}
	starts, _ := list[0].(map[string]any)
	starts["titleFormat"], starts["step"] = "{{instance}} started", "60s"
	return nil
}
