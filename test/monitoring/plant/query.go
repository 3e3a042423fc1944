package plant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Sample is one series of an answer and its value now.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Query evaluates an expression now. The error of one that is no PromQL has what
// Prometheus said.
func (pr *Prometheus) Query(expr string) ([]Sample, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := pr.get("/api/v1/query", url.Values{"query": {expr}}, &data); err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	if data.ResultType == "scalar" {
		var v value
		if err := json.Unmarshal(data.Result, &v); err != nil {
			return nil, fmt.Errorf("query %s: %w", expr, err)
		}
		return []Sample{{Value: float64(v)}}, nil
	}
	var series []struct {
		Metric map[string]string `json:"metric"`
		Value  value             `json:"value"`
	}
	if err := json.Unmarshal(data.Result, &series); err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	samples := make([]Sample, len(series))
	for i, s := range series {
		samples[i] = Sample{s.Metric, float64(s.Value)}
	}
	return samples, nil
}

// value is [time, "number"].
type value float64

// UnmarshalJSON reads it.
func (v *value) UnmarshalJSON(b []byte) error {
	pair := [2]any{}
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	number, ok := pair[1].(string)
	if !ok {
		return fmt.Errorf("%s is no sample", b)
	}
	f, err := strconv.ParseFloat(number, 64)
	*v = value(f)
	return err
}

// LabelValues are the values that a label of a metric's series has had in the last hour.
func (pr *Prometheus) LabelValues(metric, label string) ([]string, error) {
	var values []string
	start := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	err := pr.get("/api/v1/label/"+url.PathEscape(label)+"/values", url.Values{"match[]": {metric}, "start": {start}}, &values)
	if err != nil {
		return nil, fmt.Errorf("values of %s of %s: %w", label, metric, err)
	}
	return values, nil
}

// Rule is a rule as Prometheus evaluates it.
type Rule struct {
	Group  string `json:"-"`
	Name   string `json:"name"`
	Query  string `json:"query"`
	Type   string `json:"type"`   // alerting or recording
	Health string `json:"health"` // ok, err or unknown
	Error  string `json:"lastError"`
	State  string `json:"state"` // of an alert: inactive, pending or firing
}

// Rules are all rules that it has loaded.
func (pr *Prometheus) Rules() ([]Rule, error) {
	var data struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []Rule `json:"rules"`
		} `json:"groups"`
	}
	if err := pr.get("/api/v1/rules", nil, &data); err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	var rules []Rule
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			r.Group = g.Name
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// get asks for a page of the API, and decodes its data; into nil when only that it
// answers matters.
func (pr *Prometheus) get(path string, params url.Values, into any) error {
	// Connections are not kept: they would look like leaks.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}
	resp, err := client.Get(pr.URL + path + "?" + params.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if into == nil {
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", resp.Status, body)
		}
		return nil
	}
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Status != "success" {
		return errors.New(answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}
